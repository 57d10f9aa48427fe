#include "tests/properties/checked_run.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "model/campaign/judged_program.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/slab/property.h"

namespace slabproof::properties {

bool is_checked_subject(const std::string& name) {
  return name == "checked all" || name == "checked new" || name == "checked all SlotStates" ||
         name == "checked new SlotStates";
}

CheckedVerdict check_program(const Setup& setup, const model::Program& program,
                             CheckedEffort effort) {
  model::JudgedProgram judged({.capacity = setup.capacity,
                               .initial_segments = setup.initial,
                               .recheck_all = setup.subject.starts_with("checked all"),
                               .slot_states = setup.subject.ends_with("SlotStates")},
                              program);
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
