#include "model/campaign/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/campaign/minimize.h"
#include "model/search/explore.h"
#include "model/slab/property.h"
#include "model/states/shared_states.h"
#include "model/states/state_scheduler.h"

namespace slabproof::model {
namespace {

/// Whether a search that was cut did all that it set out to do: then its result is "holds", as far
/// as it goes.
bool is_complete(Search search, SearchLimit::Kind limit) {
  using enum SearchLimit::Kind;
  if (limit == kNone || limit == kShard || search == Search::kRandom) return true;
  return search == Search::kBound && limit == kBound;
}

void blame(RunResult& result, const Failure& failure) {
  result.verdict = failure.is_no_verdict() ? Verdict::kUnsupported : Verdict::kViolated;
  result.property = property_of(failure);
  result.message = to_text(failure);
}

bool gives(const Program& program) {
  return std::ranges::any_of(program.threads, [](const std::vector<Op>& thread) {
    return std::ranges::any_of(thread, [](Op op) { return op.kind == Op::Kind::kGive; });
  });
}

std::vector<std::uint8_t> symmetry_class(const CheckJob& job, const SearchOptions& options,
                                         const ProgramSearch& search) {
  const Search chosen = search_of(job, options);
  const bool knows_it =
      chosen == Search::kDpor || chosen == Search::kGraph || chosen == Search::kStates;
  if (!knows_it || !options.symmetry) return {};
  return search.symmetry_class();
}

RecordedExecution record(const CheckJob& job, const Schedule& schedule) {
  return {.program = job.program, .slab = job.slab, .schedule = schedule};
}

void put_minimal(Counterexample minimal, JobOutcome& outcome) {
  RunResult& result = outcome.result;
  result.replay = record(minimal.job, minimal.schedule);
  result.minimal = {.program = std::move(minimal.job.program),
                    .message = to_text(minimal.failure),
                    .preemptions = minimal.preemptions};
  outcome.trace = std::move(minimal.trace);
}

ExploreResult run_schedule(const Schedule& schedule, ProgramSearch& search) {
  ExploreOptions options;
  options.search = Search::kReplay;
  options.schedule = &schedule;
  return search.run(options);
}

/// Runs a failing execution again for its trace; adds to the message where it fails otherwise.
void put_violation(const FailingExecution& found, ProgramSearch& search, JobOutcome& outcome) {
  RunResult& result = outcome.result;
  blame(result, found.failure);
  result.replay = record(result.job, found.schedule);
  ExploreResult again = run_schedule(found.schedule, search);
  outcome.trace = std::move(again.trace);
  if (again.violation == found.failure) return;
  result.message += fmt::format(
      " [not reproduced: run again, the same schedule {}]",
      again.violation ? "failed otherwise: " + to_text(*again.violation) : "did not fail");
}

/// Not where parts run at different times, or one part may be kept while others are lost.
bool can_share_states(const SearchOptions& options) {
  return options.processes > 1 && !options.shard && options.checkpoint_file.empty() &&
         !options.whole_states;
}

/// A share of a search that has nothing to explore, or leaves that to others.
PartOutcome nothing_to_explore() {
  return {.complete = true, .verdict = Verdict::kHolds};
}

PartOutcome explore_alone(const CheckJob& job, const SearchOptions& options, const JobSplit& split,
                          std::size_t part, double time_limit, const Progress& progress,
                          const StepsSink& steps) {
  ProgramSearch search(job);
  search.emit_steps(steps);
  const std::vector<std::uint8_t> symmetry = symmetry_class(job, options, search);
  ExploreOptions how;
  how.search = search_of(job, options);
  how.run.memory_model = memory_of(how.search, options);
  how.bound = options.bound;
  how.iterations = options.iterations;
  how.seed = options.seed;
  how.time_limit = time_limit;
  how.symmetry_class = symmetry;
  if (how.search == Search::kGraph) {
    how.share = {.index = part, .count = split.parts.size()};
  } else {
    how.part = {.split_depth = split.depth, .prefix = split.parts.at(part)};
  }
  std::optional<StateScheduler> states;
  if (how.search == Search::kStates) {
    states.emplace(StateOptions{.symmetry_class = symmetry,
                                .keep_whole_states = options.whole_states,
                                .memory_limit = std::size_t{options.memory_limit} << 20,
                                .shared = split.states.get()});
    how.states = &*states;
    if (split.states != nullptr && !states->begin_share()) {
      return split.states->is_stopped() ? PartOutcome{} : nothing_to_explore();
    }
  }
  how.trace = false;
  if (progress) {
    how.on_execution = [&progress, executions = std::uint64_t{0}](const ExecutionEnd&) mutable {
      constexpr std::uint64_t kExecutionsBetweenReports = 1024;
      if (++executions % kExecutionsBetweenReports == 0) progress(kExecutionsBetweenReports);
    };
  }
  ExploreResult explored = search.run(how);

  PartOutcome outcome{.executions = explored.executions,
                      .redundant = explored.redundant,
                      .states = explored.states.states,
                      .transitions = explored.states.transitions,
                      .state_bytes = explored.states.bytes,
                      .out_of_memory = explored.is_out_of_memory,
                      .complete = explored.exhaustive,
                      .verdict = explored.verdict,
                      .max_segments = search.max_segments(),
                      .max_over_growth = search.max_over_growth(),
                      .witness = search.witness(),
                      .seconds = explored.seconds,
                      .warnings = std::move(explored.warnings)};
  if (explored.violation) {
    outcome.violation = {.failure = std::move(*explored.violation),
                         .schedule = std::move(explored.schedule)};
  }
  return outcome;
}

}  // namespace

JobSplit split_job(const CheckJob& job, const SearchOptions& options, std::size_t at_least) {
  JobSplit split;
  const Search chosen = search_of(job, options);
  if (at_least > 1 && chosen == Search::kStates && can_share_states(options)) {
    split.states = std::make_shared<SharedStates>(std::size_t{options.memory_limit} << 20);
    split.depth = 1;
    split.parts.resize(options.processes);
    return split;
  }
  if (at_least <= 1 || (chosen != Search::kDpor && chosen != Search::kGraph)) return split;
  if (chosen == Search::kGraph) {
    split.parts.resize(at_least);
    return split;
  }
  ProgramSearch search(job);
  const std::vector<std::uint8_t> symmetry = symmetry_class(job, options, search);
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
    const ExploreResult explored = search.run(how);
    deeper.redundant = explored.executions + explored.redundant - listed;
    const bool is_finest = deeper.parts.size() == split.parts.size() && depth > 16;
    split = std::move(deeper);
    if (split.parts.size() >= at_least || is_finest) break;
  }
  return split;
}

PartOutcome explore_part(const CheckJob& job, const SearchOptions& options, const JobSplit& split,
                         std::size_t part, double time_limit, const Progress& progress,
                         const StepsSink& steps) {
  if (split.states == nullptr) {
    return explore_alone(job, options, split, part, time_limit, progress, steps);
  }
  // A worker that was lost has taken what it had to explore with it.
  if (!split.states->begin_share(part)) {
    split.states->stop();
    return {};
  }
  PartOutcome outcome = explore_alone(job, options, split, part, time_limit, progress, steps);
  if (!split.states->is_left_to_one() || outcome.violation) return outcome;
  if (!split.states->is_the_one()) return nothing_to_explore();
  return explore_alone(job, options, {}, 0, time_limit, progress, steps);
}

JobOutcome conclude(const CheckJob& job, const SearchOptions& options, const PartOutcome& sum,
                    const SearchLimit& limit, double seconds, bool want_witness) {
  ProgramSearch search(job);
  JobOutcome outcome;
  RunResult& result = outcome.result;
  result.job = job;
  result.search = search_of(job, options);
  result.memory = memory_of(result.search, options);
  result.symmetry = !symmetry_class(job, options, search).empty();
  result.executions = sum.executions;
  result.redundant = sum.redundant;
  result.states = sum.states;
  result.transitions = sum.transitions;
  result.state_bytes = sum.state_bytes;
  result.exhaustive = sum.complete && !sum.violation && limit.kind == SearchLimit::Kind::kNone;
  result.shard = options.shard;
  result.seconds = seconds;
  result.warnings = sum.warnings;
  result.max_segments = sum.max_segments;
  result.max_over_growth = sum.max_over_growth;
  if (sum.violation) {
    put_violation(*sum.violation, search, outcome);
    if (options.minimize && result.verdict == Verdict::kViolated) {
      if (auto minimal = minimize(job, result.property, options))
        put_minimal(std::move(*minimal), outcome);
    }
    return outcome;
  }
  result.limit = limit;
  if (!result.exhaustive && limit.kind == SearchLimit::Kind::kNone) {
    result.limit = {.kind = SearchLimit::Kind::kStopped, .text = "stopped"};
  }
  result.verdict = sum.verdict;
  if (!is_complete(result.search, result.limit.kind)) {
    result.verdict = worse_of(result.verdict, Verdict::kInconclusive);
  }
  judge_expectations(job, result);
  if (want_witness && sum.witness) outcome.trace = run_schedule(*sum.witness, search).trace;
  return outcome;
}

void judge_expectations(const CheckJob& job, RunResult& result) {
  if (result.verdict != Verdict::kHolds || !result.exhaustive) return;
  if (job.over_growth && result.max_over_growth != *job.over_growth) {
    blame(result, {.label = job.slab.recheck_all ? "S6" : "S7",
                   .message = fmt::format(
                       "the greatest over-growth of all executions is {}, known to be exactly {}",
                       result.max_over_growth, *job.over_growth)});
    return;
  }
  const auto& known = result.symmetry ? job.executions_with_symmetry : job.executions;
  // A look for a gift reads an atomic of the harness: what it may read is one graph for several
  // orders of critical sections.
  const bool counts =
      result.search == Search::kDpor || (result.search == Search::kGraph && !gives(job.program));
  if (counts && known && result.executions != *known) {
    blame(result,
          {.label = "S12",
           .message = fmt::format("there are {} inequivalent executions, known to be exactly {}",
                                  result.executions, *known)});
  }
}

JobOutcome replay(const RecordedExecution& recorded, const StepsSink& steps) {
  const CheckJob job{.scenario = "", .program = recorded.program, .slab = recorded.slab};
  ProgramSearch search(job);
  search.emit_steps(steps);
  ExploreResult explored = run_schedule(recorded.schedule, search);
  JobOutcome outcome{.result = {}, .trace = std::move(explored.trace)};
  RunResult& result = outcome.result;
  result.job = job;
  result.search = Search::kReplay;
  if (!recorded.schedule.is_graph) result.memory = MemoryModel::kRelacy;
  result.executions = explored.executions;
  result.limit = {.kind = SearchLimit::Kind::kOneExecution, .text = "one execution"};
  result.seconds = explored.seconds;
  result.warnings = explored.warnings;
  result.max_segments = search.max_segments();
  result.max_over_growth = search.max_over_growth();
  result.replay = recorded;
  result.verdict = explored.verdict;
  if (explored.violation) blame(result, *explored.violation);
  return outcome;
}

}  // namespace slabproof::model
