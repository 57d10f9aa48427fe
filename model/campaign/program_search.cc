#include "model/campaign/program_search.h"

#include <algorithm>
#include <cstddef>

#include "model/campaign/violating_pair.h"
#include "model/graph/graph_explore.h"
#include "model/runtime/relacy_explore.h"

namespace slabproof::model {
namespace {

// Well above what the longest program needs; a hang is found sooner, and its trace stays small.
constexpr std::uint64_t kAccessLimit = 100'000;

}  // namespace

ProgramSearch::ProgramSearch(const CheckJob& job)
    : program_(job.slab, job.program),
      step_trace_(program_.execution().setting(), job.program),
      has_steps_(job.slab.family == SlabFamily::kShared) {}

ExploreResult ProgramSearch::run(ExploreOptions options) {
  const MemoryModel memory = options.run.memory_model;
  options.run = slab_run_settings();
  options.run.memory_model = memory;
  options.run.access_limit = kAccessLimit;
  options.on_execution = [this,
                          callers = std::move(options.on_execution)](const ExecutionEnd& end) {
    measure(end);
    if (steps_sink_ && has_steps_) write_steps(end.abandoned);
    if (callers) callers(end);
  };
  options.on_repetition = [this] {
    if (steps_sink_ && has_steps_) write_steps(true);
  };
  const bool is_on_graphs = options.search == Search::kGraph ||
                            (options.search == Search::kReplay && options.schedule->is_graph);
  ExploreResult explored =
      explore(program_.execution(), is_on_graphs ? &graph::graph_runner : &relacy_runner, options);
  flush_steps();
  // With a trace, the execution that was run last is the one that the trace is of.
  if (explored.violation) mark_violating_pair(explored.trace, program_.execution().violation());
  return explored;
}

void ProgramSearch::measure(const ExecutionEnd& end) {
  if (end.failure != nullptr) return;
  const Measures& measures = program_.measures();
  max_segments_ = std::max(max_segments_, measures.segments);
  if (witness_ && measures.over_growth <= max_over_growth_) return;
  max_over_growth_ = measures.over_growth;
  witness_ = end.schedule();
}

void ProgramSearch::write_steps(bool is_stopped) {
  constexpr std::size_t kWorthWriting = std::size_t{1} << 20;
  if (is_stopped) {
    step_trace_.append_stopped(program_.history(), steps_);
  } else {
    step_trace_.append(program_.history(), steps_);
  }
  if (steps_.size() >= kWorthWriting) flush_steps();
}

void ProgramSearch::flush_steps() {
  if (steps_.empty()) return;
  steps_sink_(steps_);
  steps_.clear();
}

}  // namespace slabproof::model
