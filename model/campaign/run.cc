#include "model/campaign/run.h"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "model/campaign/judged_program.h"
#include "model/campaign/minimize.h"
#include "model/search/explore.h"
#include "model/slab/violation.h"

namespace slabproof::model {
namespace {

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

void blame(RunResult& result, Verdict verdict, std::string property, std::string message) {
  result.verdict = verdict;
  result.property = std::move(property);
  result.message = std::move(message);
}

void judge_expectations(const CheckJob& job, RunResult& result) {
  if (result.verdict != Verdict::kHolds || !result.exhaustive) return;
  if (job.over_growth && result.max_over_growth != *job.over_growth) {
    blame(result, Verdict::kViolated, job.recheck == Recheck::kAllSegments ? "S6" : "S7",
          fmt::format("the greatest over-growth of all executions is {}, known to be exactly {}",
                      result.max_over_growth, *job.over_growth));
    return;
  }
  const auto& known = result.symmetry ? job.executions_with_symmetry : job.executions;
  if (result.search == "dpor" && known && result.executions != *known) {
    blame(result, Verdict::kViolated, "S12",
          fmt::format("there are {} inequivalent executions, known to be exactly {}",
                      result.executions, *known));
  }
}

std::vector<std::uint8_t> symmetry_class(const CheckOptions& options, JudgedProgram& program) {
  if (options.search != "dpor" || !options.symmetry) return {};
  return program.execution().symmetry_class();
}

Search search_of(const CheckOptions& options) {
  const auto search = parse_search(options.search);
  if (!search) throw std::logic_error(search.error());
  return *search;
}

void put_minimal(const Counterexample& minimal, JobOutcome& outcome) {
  RunResult& result = outcome.result;
  result.minimal_program = to_text(minimal.job.program);
  result.minimal_message = minimal.failure.message;
  result.preemptions = minimal.preemptions;
  result.replay = to_text(RecordedExecution{.job = minimal.job, .schedule = minimal.schedule});
  outcome.trace = minimal.trace;
}

JobOutcome run_recorded(const CheckJob& job, const Schedule& schedule, JudgedProgram& program) {
  ExploreOptions options;
  options.search = Search::kReplay;
  options.schedule = &schedule;
  ExploreResult explored = program.run(options);
  JobOutcome outcome{.result = describe_job(job), .trace = std::move(explored.trace)};
  outcome.result.search = std::string(to_text(Search::kReplay));
  outcome.result.executions = explored.executions;
  outcome.result.limit = "one execution";
  outcome.result.seconds = explored.seconds;
  outcome.result.max_segments = program.max_segments();
  outcome.result.max_over_growth = program.max_over_growth();
  outcome.result.replay = to_text(RecordedExecution{.job = job, .schedule = schedule});
  outcome.result.verdict = explored.verdict;
  if (explored.violation) {
    blame(outcome.result, explored.verdict, explored.violation->property,
          explored.violation->message);
  }
  return outcome;
}

}  // namespace

JobSplit split_job(const CheckJob& job, const CheckOptions& options, std::size_t at_least) {
  JobSplit split;
  if (search_of(options) != Search::kDpor || at_least <= 1) return split;
  JudgedProgram program(job);
  const std::vector<std::uint8_t> symmetry = symmetry_class(options, program);
  constexpr std::size_t kDeepest = 64;
  for (std::size_t depth = 2; depth <= kDeepest; depth += 2) {
    JobSplit deeper{.depth = depth, .parts = {}};
    ExploreOptions how;
    how.symmetry_class = symmetry;
    how.part = {.mode = DporScheduler::Part::Mode::kList, .split_depth = depth};
    how.stop_on_violation = false;
    how.trace = false;
    std::uint64_t listed = 0;
    how.on_part = [&](const std::vector<Choice>& prefix) {
      deeper.parts.push_back(prefix);
      ++listed;
    };
    const ExploreResult explored = program.run(how);
    deeper.redundant = explored.executions + explored.redundant - listed;
    const bool is_finest = deeper.parts.size() == split.parts.size() && depth > 16;
    split = std::move(deeper);
    if (split.parts.size() >= at_least || is_finest) break;
  }
  return split;
}

PartOutcome explore_part(const CheckJob& job, const CheckOptions& options, const JobSplit& split,
                         std::size_t part, double time_limit, const Progress& progress,
                         const StepsSink& steps) {
  JudgedProgram program(job);
  program.emit_steps(steps);
  const std::vector<std::uint8_t> symmetry = symmetry_class(options, program);
  ExploreOptions how;
  how.search = search_of(options);
  how.bound = options.bound;
  how.iterations = options.iterations;
  how.seed = options.seed;
  how.time_limit = time_limit;
  how.symmetry_class = symmetry;
  how.part = {.split_depth = split.depth, .prefix = split.parts.at(part)};
  how.trace = false;
  if (progress) {
    how.on_execution = [&progress, executions = std::uint64_t{0}](const ExecutionEnd&) mutable {
      constexpr std::uint64_t kExecutionsBetweenReports = 1024;
      if (++executions % kExecutionsBetweenReports == 0) progress(kExecutionsBetweenReports);
    };
  }
  const ExploreResult explored = program.run(how);

  PartOutcome outcome{.executions = explored.executions,
                      .redundant = explored.redundant,
                      .complete = explored.exhaustive,
                      .verdict = explored.verdict,
                      .max_segments = program.max_segments(),
                      .max_over_growth = program.max_over_growth(),
                      .witness = program.witness() ? to_text(*program.witness()) : "",
                      .property = "",
                      .message = "",
                      .schedule = "",
                      .seconds = explored.seconds};
  if (explored.violation) {
    outcome.property = explored.violation->property;
    outcome.message = explored.violation->message;
    outcome.schedule = to_text(explored.schedule);
  }
  return outcome;
}

JobOutcome conclude(const CheckJob& job, const CheckOptions& options, const PartOutcome& sum,
                    const std::string& limit, double seconds, bool want_witness) {
  JudgedProgram program(job);
  JobOutcome outcome{.result = describe_job(job), .trace = {}};
  RunResult& result = outcome.result;
  result.search = options.search;
  result.symmetry = !symmetry_class(options, program).empty();
  result.executions = sum.executions;
  result.redundant = sum.redundant;
  result.exhaustive = sum.complete && sum.property.empty() && limit.empty();
  result.seconds = seconds;
  result.max_segments = sum.max_segments;
  result.max_over_growth = sum.max_over_growth;
  if (!sum.property.empty()) {
    blame(result, sum.verdict, sum.property, sum.message);
    const Schedule schedule = parse_schedule(sum.schedule).value_or(Schedule{});
    JobOutcome again = run_recorded(job, schedule, program);
    outcome.trace = std::move(again.trace);
    if (again.result.property != sum.property || again.result.message != sum.message) {
      result.message +=
          fmt::format(" [not reproduced: run again, the same schedule {}]",
                      again.result.property.empty() ? "did not fail"
                                                    : "failed otherwise: " + again.result.message);
    }
    result.replay = to_text(RecordedExecution{.job = job, .schedule = schedule});
    if (options.minimize && result.verdict == Verdict::kViolated) {
      if (const auto minimal = minimize(job, result.property)) put_minimal(*minimal, outcome);
    }
    return outcome;
  }
  if (!result.exhaustive) result.limit = limit.empty() ? "stopped" : limit;
  result.verdict = sum.verdict;
  judge_expectations(job, result);
  if (want_witness && !sum.witness.empty()) {
    const Schedule schedule = parse_schedule(sum.witness).value_or(Schedule{});
    outcome.trace = run_recorded(job, schedule, program).trace;
  }
  return outcome;
}

JobOutcome replay(const RecordedExecution& recorded, const StepsSink& steps) {
  JudgedProgram program(recorded.job);
  program.emit_steps(steps);
  return run_recorded(recorded.job, recorded.schedule, program);
}

}  // namespace slabproof::model
