#include "slabproof/model/check_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "slabproof/model/engine.h"
#include "slabproof/model/explore.h"
#include "slabproof/model/oracle.h"
#include "slabproof/model/program_execution.h"
#include "slabproof/model/subject_factory.h"

namespace slabproof::model {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A job made ready to run: the slab, the program on it, the oracle that judges it, and the
/// greatest values seen over all executions.
class JudgedProgram {
 public:
  explicit JudgedProgram(const CheckJob& job)
      : subject_(make_subject({.recheck_all = job.recheck == Recheck::kAllSegments,
                               .slot_states = job.protection == ProtectionChoice::kSlotStates})),
        execution_(*subject_, job.program, job.capacity, job.initial_segments),
        oracle_(execution_.setting(), job.program) {
    execution_.set_judge([this](const History& history) { return judge(history); });
  }

  [[nodiscard]] ProgramExecution& execution() { return execution_; }
  [[nodiscard]] std::uint64_t max_segments() const { return max_segments_; }
  [[nodiscard]] std::uint64_t max_over_growth() const { return max_over_growth_; }
  /// The first execution with the greatest over-growth.
  [[nodiscard]] const std::optional<Schedule>& witness() const { return witness_; }

 private:
  std::optional<Violation> judge(const History& history) {
    auto violation = oracle_.judge(history);
    if (violation) return violation;
    const Measures& measures = oracle_.measures();
    max_segments_ = std::max(max_segments_, measures.segments);
    if (!witness_ || measures.over_growth > max_over_growth_) {
      max_over_growth_ = measures.over_growth;
      const Engine& engine = Engine::instance();
      witness_ = Schedule{.unlock_is_step = engine.settings().unlock_is_step,
                          .choices = {engine.choices().begin(), engine.choices().end()}};
    }
    return std::nullopt;
  }

  std::unique_ptr<Subject> subject_;
  ProgramExecution execution_;
  Oracle oracle_;
  std::uint64_t max_segments_ = 0;
  std::uint64_t max_over_growth_ = 0;
  std::optional<Schedule> witness_;
};

/// What cut a search that ended without a violation, or nothing.
std::string limit_of(const CheckOptions& options, Search search, const ExploreResult& explored) {
  if (explored.exhaustive || explored.violation) return "";
  if (options.iterations != 0 && explored.executions + explored.redundant >= options.iterations) {
    return fmt::format("{} executions", options.iterations);
  }
  if (options.time_limit_seconds > 0 && explored.seconds >= options.time_limit_seconds) {
    return fmt::format("{} s", options.time_limit_seconds);
  }
  return search == Search::kBound ? fmt::format("bound {}", options.bound) : "stopped";
}

/// Whether a search that was cut did all that it set out to do: then its result is "holds", as far
/// as it goes.
bool is_complete(Search search, const std::string& limit) {
  if (limit.empty() || search == Search::kRandom) return true;
  return search == Search::kBound && limit.starts_with("bound");
}

RunResult describe_job(const CheckJob& job) {
  RunResult result;
  result.scenario = job.scenario;
  result.program = to_text(job.program);
  result.threads = static_cast<std::uint32_t>(job.program.threads.size());
  result.capacity = job.capacity;
  result.initial_segments = job.initial_segments;
  result.recheck = job.recheck;
  return result;
}

void blame(RunResult& result, std::string property, std::string message) {
  result.verdict = Verdict::kViolated;
  result.property = std::move(property);
  result.message = std::move(message);
}

/// Whether a failure says that the checker could not judge, and not that the slab is wrong.
bool is_no_verdict(const Failure& failure) {
  return failure.property == kHistoryLimit || failure.property == Failure::kUnsupported;
}

void judge_expectations(const CheckJob& job, RunResult& result) {
  if (result.verdict != Verdict::kHolds || !result.exhaustive) return;
  if (job.over_growth && result.max_over_growth != *job.over_growth) {
    blame(result, job.recheck == Recheck::kAllSegments ? "S6" : "S7",
          fmt::format("the greatest over-growth of all executions is {}, known to be exactly {}",
                      result.max_over_growth, *job.over_growth));
    return;
  }
  const auto& known = result.symmetry ? job.executions_with_symmetry : job.executions;
  if (result.search == "dpor" && known && result.executions != *known) {
    blame(result, "S12",
          fmt::format("there are {} inequivalent executions, known to be exactly {}",
                      result.executions, *known));
  }
}

/// Passes on how far the search is, about twice a second.
std::function<void(const ExecutionEnd&)> throttled(const CheckJob& job, const Progress& progress) {
  if (!progress) return {};
  constexpr std::uint64_t kExecutionsBetweenLooks = 1024;
  constexpr double kSecondsBetweenReports = 0.5;
  return [&job, &progress, start = Clock::now(), executions = std::uint64_t{0},
          reported = 0.0](const ExecutionEnd&) mutable {
    if (++executions % kExecutionsBetweenLooks != 0) return;
    const double now = seconds_since(start);
    if (now - reported < kSecondsBetweenReports) return;
    reported = now;
    progress(job, executions, now);
  };
}

JobOutcome run_recorded(const CheckJob& job, const Schedule& schedule, JudgedProgram& program) {
  ExploreOptions options;
  options.search = Search::kReplay;
  options.schedule = &schedule;
  ExploreResult explored = explore(program.execution(), options);
  JobOutcome outcome{.result = describe_job(job), .trace = std::move(explored.trace)};
  outcome.result.search = std::string(to_text(Search::kReplay));
  outcome.result.executions = explored.executions;
  outcome.result.limit = "one execution";
  outcome.result.seconds = explored.seconds;
  outcome.result.max_segments = program.max_segments();
  outcome.result.max_over_growth = program.max_over_growth();
  outcome.result.replay = to_text(RecordedExecution{.job = job, .schedule = schedule});
  if (explored.violation) {
    blame(outcome.result, explored.violation->property, explored.violation->message);
    if (is_no_verdict(*explored.violation)) outcome.result.verdict = Verdict::kInconclusive;
  }
  return outcome;
}

}  // namespace

JobOutcome run_job(const CheckJob& job, const CheckOptions& options, bool want_witness,
                   const Progress& progress) {
  const auto search = parse_search(options.search);
  if (!search) throw std::logic_error(search.error());
  JudgedProgram program(job);

  ExploreOptions how;
  how.search = *search;
  how.bound = options.bound;
  how.iterations = options.iterations;
  how.seed = options.seed;
  how.time_limit = options.time_limit_seconds;
  std::vector<std::uint8_t> symmetry_class;
  if (*search == Search::kDpor && options.symmetry) {
    symmetry_class = program.execution().symmetry_class();
    how.symmetry_class = symmetry_class;
  }
  how.on_execution = throttled(job, progress);
  ExploreResult explored = explore(program.execution(), how);

  JobOutcome outcome{.result = describe_job(job), .trace = std::move(explored.trace)};
  RunResult& result = outcome.result;
  result.search = options.search;
  result.symmetry = !symmetry_class.empty();
  result.executions = explored.executions;
  result.redundant = explored.redundant;
  result.exhaustive = explored.exhaustive;
  result.seconds = explored.seconds;
  result.max_segments = program.max_segments();
  result.max_over_growth = program.max_over_growth();
  result.limit = limit_of(options, *search, explored);
  if (explored.violation) {
    blame(result, explored.violation->property, explored.violation->message);
    if (is_no_verdict(*explored.violation)) result.verdict = Verdict::kInconclusive;
    result.replay = to_text(RecordedExecution{.job = job, .schedule = explored.schedule});
    return outcome;
  }
  if (!is_complete(*search, result.limit)) result.verdict = Verdict::kInconclusive;
  judge_expectations(job, result);
  if (want_witness && program.witness()) {
    const Schedule schedule = *program.witness();
    outcome.trace = run_recorded(job, schedule, program).trace;
  }
  return outcome;
}

JobOutcome replay(const RecordedExecution& recorded) {
  JudgedProgram program(recorded.job);
  return run_recorded(recorded.job, recorded.schedule, program);
}

}  // namespace slabproof::model
