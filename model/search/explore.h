#ifndef SLABPROOF_MODEL_SEARCH_EXPLORE_H_
#define SLABPROOF_MODEL_SEARCH_EXPLORE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/search/dpor_scheduler.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/execution_runner.h"
#include "model/search/failure.h"
#include "model/search/schedule.h"
#include "model/search/state_search.h"
#include "model/search/trace.h"
#include "model/search/verdict.h"

namespace slabproof::model {

/// How the executions of a program are chosen.
enum class Search : std::uint8_t {
  kRandom,  ///< independent random schedules
  kBound,   ///< the runner's: every schedule with at most `bound` preemptions
  kFull,    ///< the runner's: every schedule
  kDpor,    ///< one schedule of each class of equivalent ones; see DporScheduler
  kStates,  ///< each state of the program once, by a scheduler that can compare them
  kGraph,   ///< each execution graph of atomics and locks, on a runner that has them
  kReplay,  ///< the schedule of a recorded execution
};

[[nodiscard]] std::string_view to_text(Search search);
/// Reads the name of a search that needs no recorded schedule. Errors: a sentence that names them.
[[nodiscard]] std::expected<Search, std::string> parse_search(std::string_view text);

/// What is known of an execution when it has ended. Of one that did nothing but repeat a turn of a
/// wait in the end, nobody gets a report.
struct ExecutionEnd {
  const Failure* failure = nullptr;  ///< null where it ran to its end and was judged good
  bool abandoned = false;            ///< the failure stopped it before its end
  bool redundant = false;            ///< it repeats one that was explored before
  // What was chosen; valid until the next execution begins.
  bool unlock_is_step = false;
  std::span<const Choice> choices = {};
  bool is_graph = false;
  const ExecutionRunner* runner = nullptr;  ///< null where `choices` has all

  [[nodiscard]] Schedule schedule() const;
};

/// How far a search is.
struct SearchProgress {
  std::uint64_t executions = 0;  ///< without the redundant ones
  /// An estimate of the part of all executions that was explored or, if that is more, of what a
  /// limit allows that was used up; up to 1. Of all executions only kGraph knows it.
  double part = 0;
};

struct ExploreOptions {
  Search search = Search::kDpor;
  unsigned bound = 2;            ///< preemptions, for kBound
  std::uint64_t iterations = 0;  ///< at most so many executions; 0: no limit, 10,000 for kRandom
  std::uint64_t seed = 1;        ///< for kRandom
  double time_limit = 0;         ///< seconds; 0: no limit
  bool stop_on_violation = true;
  /// Not empty: only failures for which it is true are violations. All others are passed over, and
  /// a search that has passed over some is neither exhaustive nor says that the program holds.
  std::function<bool(const Failure&)> is_wanted;
  /// Whether the program may say of an execution that it is none of those that it is about: such a
  /// one counts as redundant, and nothing judges it. Without this it could not be judged.
  bool has_assumptions = false;
  /// For kDpor and kGraph: a class for each thread, or empty.
  std::span<const std::uint8_t> symmetry_class;
  /// For kDpor: explore one part of all executions, or list the parts; see DporScheduler.
  DporScheduler::Part part{};
  /// For kGraph: explore one of so many shares, which are disjoint and together all executions. It
  /// costs about as many executions as there are shares to find the places where it begins.
  struct Share {
    std::size_t index = 0;
    std::size_t count = 1;
  };
  Share share{};
  /// Gets the name of each part, where `part` lists them.
  std::function<void(const std::vector<Choice>&)> on_part;
  const Schedule* schedule = nullptr;  ///< for kReplay
  /// For kReplay: a choice of the schedule that the program does not have is passed over. Else it
  /// is a failure, Defect::kReplayMismatch.
  bool adapts_schedule = false;
  StateSearch* states = nullptr;  ///< for kStates; not used before
  /// Whether a failing execution is run again to make its trace; for kReplay, any execution.
  bool trace = true;
  /// Empty: a step of its own for kFull, kBound and kRandom, as in Relacy; not for the others.
  std::optional<bool> unlock_is_step;
  RunSettings run;  ///< its `unlock_is_step` is not looked at
  std::function<void(const ExecutionEnd&)> on_execution;
  /// Told of each execution that was cut, as nothing was left to run in it but rounds of waits: it
  /// counts as redundant, and nothing judges it.
  std::function<void()> on_repetition;
  /// Told now and then how far the search is.
  std::function<void(const SearchProgress&)> on_progress;
};

struct ExploreResult {
  std::uint64_t executions = 0;  ///< without the redundant ones
  std::uint64_t redundant = 0;
  StateCounts states;  ///< of kStates
  bool is_out_of_memory = false;
  /// Every execution was explored, or one of each class: nothing was cut, abandoned or passed over.
  /// That leaves out what `RunSettings::spurious_failures` bounds: failures of weak
  /// compare-exchanges and wake-ups from conditions that have no cause. A try_lock that could have
  /// failed more often than `RunSettings::failed_tries` is a cut.
  bool exhaustive = false;
  /// An estimate of the part of all executions that was explored, up to 1; see TreeProgress. 0
  /// where it is not known: of a search that was cut and is not kGraph.
  double explored_part = 0;
  Verdict verdict = Verdict::kInconclusive;
  std::uint64_t violations = 0;
  /// The first violation; without one, the first thing that could not be judged.
  std::optional<Failure> violation;
  Schedule schedule;  ///< of that; for kReplay, as run
  Trace trace;
  /// The schedule of the violation, run again, failed in the same way; if not, the message of the
  /// violation says so. Always true if no trace was asked for.
  bool reproduced = true;
  /// Where the search is known to differ from C++20, but not each such place. Under Relacy, a plain
  /// store that happens-before does not order after the plain store before it is one; that a
  /// read-modify-write could come before an older store in coherence is not. One that says that a
  /// failure may be false is of `violation`.
  std::vector<std::string> warnings;
  double seconds = 0;
};

/// Gives a runner that has threads enough.
using RunnerFactory = std::function<ExecutionRunner&(std::size_t threads)>;

/// Runs `execution` again and again. One at a time in a process, and all on the calling thread of
/// the operating system.
///
/// What cannot be run (more threads than there may be, or none; a replay without a schedule; while
/// another search runs) gives a failure that is `Defect::kUnsupported`, and no execution. Within
/// an execution, a call ends that one as unsupported.
[[nodiscard]] ExploreResult explore(Execution& execution, const RunnerFactory& runner_for,
                                    const ExploreOptions& options);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_EXPLORE_H_
