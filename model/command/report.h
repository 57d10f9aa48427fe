#ifndef SLABPROOF_MODEL_COMMAND_REPORT_H_
#define SLABPROOF_MODEL_COMMAND_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/command/trace_file.h"
#include "model/program/enumeration.h"
#include "model/search/verdict.h"
#include "slabproof/recheck.h"

namespace slabproof::model {

/// What checking one program gave. Scripts of others read it as JSON: a field once there keeps its
/// name and meaning.
struct RunResult {
  std::string scenario;  ///< empty for a program given on the command line
  std::string program;
  std::uint32_t threads = 0;
  std::uint32_t capacity = 0;
  std::uint32_t initial_segments = 0;
  Recheck recheck = Recheck::kAllSegments;
  std::string search;
  bool symmetry = false;

  std::uint64_t executions = 0;  ///< inequivalent ones where the search knows
  std::uint64_t redundant = 0;   ///< begun, and cut as equivalent to one explored before
  bool exhaustive = false;       ///< nothing cut the search, neither a bound nor a limit
  Verdict verdict = Verdict::kHolds;
  std::string property;  ///< the id that is violated, else empty
  std::string message;   ///< what happened, else empty
  std::string limit;  ///< what cut the search, else empty: "bound 2", "100000 executions", "10 s"

  std::uint64_t max_segments = 0;
  /// The greatest segments - max(initial, ceil(peak live / capacity)) over all executions.
  std::uint64_t max_over_growth = 0;
  double seconds = 0;  ///< of the search; making a violation smaller is not in it
  std::string replay;  ///< the recorded execution of the violation, else empty

  /// Of a violation that was made smaller; `replay` then runs this program, else `program`.
  std::string minimal_program;
  std::string minimal_message;
  /// Preemptions in `replay`; no failing schedule of the minimal program has fewer. Nothing where
  /// that is not known.
  std::optional<unsigned> preemptions;
};

/// "holds", "violated", "inconclusive"; also what is unsupported is inconclusive, and the property
/// says why.
[[nodiscard]] std::string to_string(Verdict verdict);

/// An array with one object for each result; `replay` and `property` are null where empty.
[[nodiscard]] std::string to_json(const std::vector<RunResult>& results);

/// The table of results, line by line, so that each can be printed as soon as it is known. The
/// column `coverage` never says "exhaustive" where something cut the search.
class ResultTable {
 public:
  /// `widest_name` is the length of the longest scenario or program that will come.
  explicit ResultTable(std::size_t widest_name);

  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string row(const RunResult& result) const;

 private:
  std::size_t name_width_;
};

/// What an enumeration came to, in sentences that can be cited: its size, how many programs and
/// executions that was, whether all of it was exhaustive, and the greatest over-growth.
[[nodiscard]] std::string format_enumeration(const EnumerationSize& size,
                                             const std::vector<RunResult>& results, double seconds);

/// What a file with the trace of this result says on top; `command` is how this program was called.
[[nodiscard]] TraceHeading heading_of(const RunResult& result, const std::string& command);

/// All that a person needs of a violation, or of an execution that could not be judged: the
/// property, the program, the trace, and the command that runs it again. `command` is how this
/// program was called.
[[nodiscard]] std::string format_violation(const RunResult& result, const std::string& trace,
                                           const std::string& command);

/// The exit code for all results together: a violation wins over an inconclusive search.
[[nodiscard]] int exit_code(const std::vector<RunResult>& results);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_REPORT_H_
