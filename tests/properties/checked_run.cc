#include "tests/properties/checked_run.h"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "model/campaign/judged_program.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/slab/property.h"

namespace slabproof::properties {

std::optional<model::SlabSetup> checked_setup(const std::string& name) {
  std::istringstream words(name);
  std::string checked;
  std::string kind;
  std::string detail;
  words >> checked >> kind >> detail;
  if (checked != "checked") return std::nullopt;
  if (kind == "all" || kind == "new") {
    if (!detail.empty() && detail != "SlotStates") return std::nullopt;
    return model::SlabSetup{.recheck_all = kind == "all", .slot_states = !detail.empty()};
  }
  const auto family = model::parse_family(kind);
  if (!family || (detail != "1" && detail != "2")) return std::nullopt;
  return model::SlabSetup{.family = *family, .batch = detail == "1" ? 1U : 2U};
}

CheckedVerdict check_program(const Setup& setup, const model::Program& program,
                             CheckedEffort effort) {
  model::SlabSetup slab = checked_setup(setup.subject).value();
  slab.capacity = setup.capacity;
  slab.initial_segments = setup.initial;
  model::JudgedProgram judged(slab, program);
  const std::vector<std::uint8_t> symmetry = judged.execution().symmetry_class();
  model::ExploreOptions options;
  options.search = model::Search::kDpor;
  options.iterations = effort.executions;
  options.symmetry_class = symmetry;
  options.trace = false;
  options.run = model::slab_run_settings();
  const model::ExploreResult explored = model::explore(judged.execution(), options);

  CheckedVerdict verdict{.complaint = std::nullopt,
                         .executions = explored.executions,
                         .exhaustive = explored.exhaustive};
  if (!explored.violation) return verdict;
  const model::Failure& failure = *explored.violation;
  if (failure.defect == model::Defect::kNotJudged ||
      failure.defect == model::Defect::kUnsupported) {
    verdict.inconclusive = true;
    return verdict;
  }
  verdict.complaint =
      property_of(failure) + ": " + to_text(failure) + "; schedule " + to_text(explored.schedule);
  return verdict;
}

}  // namespace slabproof::properties
