#ifndef SLABPROOF_MODEL_COMMAND_REPORT_H_
#define SLABPROOF_MODEL_COMMAND_REPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "model/campaign/run_result.h"
#include "model/program/enumeration.h"
#include "model/program/job.h"
#include "model/trace/trace_file.h"

namespace slabproof::model {

/// The scenario of a job, or its program where it has none.
[[nodiscard]] std::string name_of(const CheckJob& job);

/// An array with one object for each result; what there is not is null. Scripts of others read it:
/// a member once there keeps its name and meaning.
[[nodiscard]] std::string to_json(const std::vector<RunResult>& results);

/// What a search over states came to, as a line below its row; empty for other searches.
[[nodiscard]] std::string format_states(const RunResult& result);

/// A line for each warning; empty where there is none.
[[nodiscard]] std::string format_warnings(const RunResult& result);

/// The table of results, line by line, so that each can be printed as soon as it is known. The
/// column `coverage` never says "exhaustive" where something cut the search.
class ResultTable {
 public:
  /// `widest_name` is the length of the longest scenario or program that will come; `has_color`,
  /// whether verdicts are coloured.
  explicit ResultTable(std::size_t widest_name, bool has_color = false);

  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string row(const RunResult& result) const;

 private:
  std::size_t name_width_;
  bool has_color_;
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
