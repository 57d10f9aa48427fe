#include "model/graph/graph_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/graph/graph_explore.h"
#include "model/graph/standstill.h"
#include "model/graph/trace_graph.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/event_trace.h"
#include "model/runtime/search_guards.h"
#include "model/search/engine.h"

namespace slabproof::model::graph {
namespace {

Engine& engine() noexcept {
  return Engine::instance();
}

constexpr std::string_view kNotTheSame =
    "the program does not do the same again in the same execution graph: it depends on something "
    "other than what it reads through the checked sync policy, such as state that before() does "
    "not set up anew, a clock or a random number";

constexpr std::string_view kObserved =
    "a thread acts on what the failed try of an await has changed for a moment and changed back: "
    "the try is not a wait then; write the loop without await";

}  // namespace

std::unique_ptr<ExecutionRunner::SearchScope> GraphRunner::begin_search(
    const RunSettings& settings) {
  thread_locals_.emplace();
  return std::make_unique<SearchGuards>(settings);
}

void GraphRunner::start_tree_search(std::optional<unsigned> /*context_bound*/) {
  explorer_.reset();
}

void GraphRunner::set_symmetry(std::span<const std::uint8_t> symmetry_class) {
  symmetry_ = Symmetry(symmetry_class);
}

bool GraphRunner::advance_tree() {
  return explorer_->next();
}

std::size_t GraphRunner::put_aside() const {
  return explorer_->kept();
}

bool GraphRunner::advance_tree_in_breadth() {
  return explorer_->next_in_breadth();
}

void GraphRunner::keep_share(std::size_t index, std::size_t count) {
  explorer_->keep_share(index, count);
}

void GraphRunner::begin_graphs(const RunSettings& settings) {
  explorer_.emplace(ExplorerOptions{.threads = threads_,
                                    .model = settings.memory_model,
                                    .spurious_failures = settings.spurious_failures,
                                    .symmetry = symmetry_});
  sync_model_.begin_search();
  static_cast<void>(advance_tree());
}

ExecutionResult GraphRunner::run_tree(Execution& execution, const RunSettings& settings) {
  if (!explorer_) begin_graphs(settings);
  if (thread_locals_) thread_locals_->remember();
  engine().begin(execution, *this, nullptr, settings, nullptr, threads_);
  return run_graph(nullptr);
}

ExecutionResult GraphRunner::run_graph(Scheduler* guide) {
  checker_hooks::begin_execution();
  sync_model_.begin(*explorer_, replay_);
  SyncModel::set_present(&sync_model_);
  CheckedHeap::set_present(&heap_);
  is_blocked_ = false;
  run_parts(guide);
  CheckedHeap::set_present(nullptr);
  SyncModel::set_present(nullptr);
  engine().end();
  if (thread_locals_ && thread_locals_->have_changed()) {
    engine().set_uncontrolled(std::string(ThreadLocals::kChanged), std::source_location());
  }
  ExecutionResult result = engine().result();
  result.is_repetition = is_blocked_;
  return result;
}

void GraphRunner::run_parts(Scheduler* guide) {
  if (!replay_.run_alone([] { engine().run_before(); })) return;
  const std::size_t event_limit =
      std::min<std::size_t>(engine().settings().step_limit, kMaxEventsPerThread);
  const Replay::End end = replay_.run(*explorer_, event_limit, guide);
  if (end != Replay::End::kComplete) return conclude(end);
  if (engine().failure()) return;
  sync_model_.take_final_values();
  if (!replay_.run_alone([] { engine().run_after(); }) || !engine().settings().report_leaks) return;
  const CheckerScope quiet;
  std::string leak = sync_model_.describe_leak();
  if (!leak.empty()) fail({.defect = Defect::kLeak, .message = std::move(leak)});
}

void GraphRunner::conclude(Replay::End end) {
  const CheckerScope quiet;
  switch (end) {
    case Replay::End::kRunning:
    case Replay::End::kComplete:
    case Replay::End::kAbandoned:
      return;
    case Replay::End::kBlocked:
    case Replay::End::kHopeless:
      is_blocked_ = true;
      return;
    case Replay::End::kStuck: {
      if (engine().failure()) return;
      auto [defect, message] = describe_standstill(replay_, threads_);
      return fail({.defect = defect, .message = std::move(message)});
    }
    case Replay::End::kObserved:
      engine().cut();
      return fail({.defect = Defect::kUnsupported, .message = std::string(kObserved)});
    case Replay::End::kNotSame:
      // What races may read other values in another order.
      if (!engine().failure()) {
        engine().set_uncontrolled(std::string(kNotTheSame), std::source_location());
      }
      engine().cut();
      return;
    case Replay::End::kTooLong:
      engine().cut();
      return fail(
          {.defect = Defect::kNotJudged,
           .message = fmt::format("{} makes more than {} events: it loops here, and what it "
                                  "does is not known to be a wait",
                                  engine().actor_name(), engine().settings().step_limit),
           .place = SourcePlace::of(replay_.graph().thread(engine().actor() - 1).back().place)});
  }
}

void GraphRunner::fail(Failure failure) {
  engine().set_failure(std::move(failure));
  if (is_tracing()) trace_failure(*engine().failure());
}

ExecutionResult GraphRunner::run(Execution& execution, Scheduler& scheduler,
                                 const RunSettings& settings, Trace* trace) {
  begin_graphs(settings);
  if (thread_locals_) thread_locals_->remember();
  engine().begin(execution, *this, &scheduler, settings, trace, threads_);
  scheduler.begin();
  ExecutionResult result = run_graph(&scheduler);
  if (trace != nullptr) {
    trace->graph = trace_graph_of(
        graph(),
        {.object = [this](Location location) { return sync_model_.object_name(location); },
         .value = [this](Location location,
                         std::uint64_t value) { return sync_model_.describe(location, value); }});
  }
  return result;
}

std::vector<Choice> GraphRunner::last_choices() const {
  return replay_.choices();
}

void GraphRunner::abandon() {
  if (const auto& failure = engine().failure(); failure && is_tracing()) trace_failure(*failure);
  replay_.abandon();
}

namespace {

GraphRunner& runner_with(std::size_t threads) {
  // Kept until the process ends, as there may be executions until then.
  static std::array<GraphRunner*, kMaxThreads + 1> runners{};
  if (runners[threads] == nullptr) runners[threads] = new GraphRunner(threads);
  return *runners[threads];
}

}  // namespace

ExecutionRunner& graph_runner(std::size_t threads) {
  return runner_with(threads);
}

const Graph& last_graph(std::size_t threads) {
  return runner_with(threads).graph();
}

}  // namespace slabproof::model::graph
