#ifndef SLABPROOF_MODEL_CHECK_SHARE_OUTCOME_H_
#define SLABPROOF_MODEL_CHECK_SHARE_OUTCOME_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/search/explore.h"

namespace slabproof::model {

/// What came of a share of a search, as one process tells another.
struct ShareOutcome {
  std::uint64_t executions = 0;
  std::uint64_t redundant = 0;
  Verdict verdict = Verdict::kInconclusive;
  bool exhaustive = false;
  double explored_part = 0;  ///< of shares together, the sum
  std::string schedule;      ///< of what failed, by which another process sees the same; or empty
  std::vector<std::string> warnings;
  std::set<std::string> outcomes;

  [[nodiscard]] static ShareOutcome of(const ExploreResult& result, std::set<std::string> outcomes);
  /// Of this share and another one together.
  void add(ShareOutcome other);
  /// As one line.
  [[nodiscard]] std::string to_line() const;
  /// Of a line that `to_line` made.
  [[nodiscard]] static ShareOutcome from_line(const std::string& line);
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECK_SHARE_OUTCOME_H_
