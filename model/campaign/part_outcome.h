#ifndef SLABPROOF_MODEL_CAMPAIGN_PART_OUTCOME_H_
#define SLABPROOF_MODEL_CAMPAIGN_PART_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/search/failure.h"
#include "model/search/schedule.h"
#include "model/search/verdict.h"

namespace slabproof::model {

/// An execution that fails: why, and how to run it again.
struct FailingExecution {
  Failure failure;
  Schedule schedule;

  friend bool operator==(const FailingExecution&, const FailingExecution&) = default;
};

/// What exploring one part of a job's executions gave: the whole job, where it was not split.
struct PartOutcome {
  std::uint64_t executions = 0;
  std::uint64_t redundant = 0;
  std::uint64_t states = 0;  ///< of a search over states, as the next two
  std::uint64_t transitions = 0;
  std::uint64_t state_bytes = 0;  ///< kept for states, of the part with the most
  bool out_of_memory = false;     ///< there was no room for more states
  bool complete = false;          ///< every execution of the part was explored
  Verdict verdict = Verdict::kInconclusive;
  std::uint64_t max_segments = 0;
  std::uint64_t max_over_growth = 0;
  std::optional<Schedule> witness = {};  ///< of an execution with the greatest over-growth
  /// What violates something; without that, what could not be judged.
  std::optional<FailingExecution> violation = {};
  double seconds = 0;
  std::vector<std::string> warnings = {};  ///< see `ExploreResult::warnings`

  friend bool operator==(const PartOutcome&, const PartOutcome&) = default;
};

/// One line of JSON: how workers report, and what a checkpoint holds.
[[nodiscard]] std::string to_json_line(const PartOutcome& outcome);
/// Nothing where the text is not an outcome: a line that was cut off, say.
[[nodiscard]] std::optional<PartOutcome> parse_part_outcome(std::string_view line);

/// Adds what another part of the same job gave. The worst verdict stays, with what was first to
/// give it.
void add(PartOutcome& sum, const PartOutcome& part);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_PART_OUTCOME_H_
