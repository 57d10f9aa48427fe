#ifndef SLABPROOF_MODEL_RUNTIME_RELACY_RUNNER_H_
#define SLABPROOF_MODEL_RUNTIME_RELACY_RUNNER_H_

// The runner for a fixed number of threads. Only relacy_runner.cc includes this.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

#include "model/runtime/abandoned_heap.h"
#include "model/runtime/checked_heap.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/event_trace.h"
#include "model/runtime/relacy_include.h"
#include "model/runtime/search_guards.h"
#include "model/runtime/thread_locals.h"
#include "model/search/engine.h"
#include "model/search/execution_runner.h"

namespace slabproof::model {

/// Memory for Relacy's per-object records. All of it is free again at the start of the next
/// execution, however the last one ended.
template <class T>
class RecordPool {
 public:
  void clear() noexcept { used_ = 0; }

  [[nodiscard]] void* take() {
    const std::size_t chunk = used_ / kChunk;
    if (chunk == chunks_.size()) chunks_.push_back(std::make_unique<Chunk>());
    return &(*chunks_[chunk])[used_++ % kChunk];
  }

 private:
  struct alignas(T) Slot {
    std::byte bytes[sizeof(T)];
  };
  static constexpr std::size_t kChunk = 64;
  using Chunk = std::array<Slot, kChunk>;

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t used_ = 0;
};

/// Of the running context.
[[nodiscard]] CheckedHeap& relacy_heap();

/// What Relacy calls a test: it passes everything on to the engine. A program of one thread gets a
/// second one, which runs first and does nothing: Relacy's own code is not fit for one.
template <int kThreads>
struct Suite : rl::test_suite<Suite<kThreads>, kThreads> {
  void before();
  void thread(unsigned index);
  void after() { Engine::instance().run_after(); }
};

/// Relacy's own tree search, unbounded or with a bound on preemptions, or the engine's decisions.
template <int kThreads>
class HookedScheduler
    : public rl::tree_search_scheduler<
          HookedScheduler<kThreads>, rl::context_bound_scheduler_thread_info<kThreads>, kThreads> {
  using Base =
      rl::tree_search_scheduler<HookedScheduler<kThreads>,
                                rl::context_bound_scheduler_thread_info<kThreads>, kThreads>;

 public:
  using thread_info_t = typename Base::thread_info_t;
  using shared_context_t = typename Base::shared_context_t;

  HookedScheduler(rl::test_params& params, shared_context_t& context, rl::thread_id_t dynamic)
      : Base(params, context, dynamic) {
    newest = this;
  }

  /// The one made last: Relacy makes it, and gives no access to it.
  static inline HookedScheduler* newest = nullptr;

  // ---- for the runner ----

  void start_tree(std::optional<unsigned> context_bound) {
    this->stree_.clear();
    this->stree_depth_ = 0;
    bound_ = context_bound;
  }
  void use_tree(bool yes) noexcept { tree_ = yes; }
  [[nodiscard]] bool uses_tree() const noexcept { return tree_; }
  /// Takes a decision in advance, for the next call of `schedule`.
  void decide_next(std::size_t thread) noexcept { decided_ = static_cast<int>(thread); }
  void set_pausing(bool yes) noexcept { pausing_ = yes; }
  /// The running thread does not go on in this execution. False if none is left that could.
  [[nodiscard]] bool block_running() {
    this->block_thread(this->thread_->index_, false);
    return this->running_threads_count != 0;
  }
  /// Keeps the answer in the tree, so that it stays the same under the same choices.
  [[nodiscard]] bool settle_repetition(bool seems) {
    if (this->stree_depth_ == this->stree_.size()) {
      this->stree_.push_back(
          {.count_ = 1, .index_ = 0, .type_ = rl::sched_type_user, .pad_ = seems});
    }
    return this->stree_[this->stree_depth_++].pad_ != 0;
  }
  /// Forgets an execution that was abandoned.
  void abandon() {
    pausing_ = false;
    this->running_threads.clear();
    decided_ = kUndecided;
  }

  // ---- for Relacy ----

  rl::thread_id_t iteration_begin_impl() {
    if (Engine::instance().execution().thread_count() < kThreads) return kThreads - 1;
    if (!tree_) return static_cast<rl::thread_id_t>(Engine::instance().decide());
    switches_left_ = bound_.value_or(0);
    const rl::thread_id_t thread = Base::iteration_begin_impl();
    Engine::instance().decided(static_cast<std::size_t>(thread));
    return thread;
  }

  rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned yield) {
    if (!tree_) {
      reason = rl::unpark_reason_normal;
      const int thread = decided_ != kUndecided ? std::exchange(decided_, kUndecided)
                                                : static_cast<int>(Engine::instance().decide());
      if (this->threads_[thread].state_ != rl::thread_state_running) {
        abandon_execution(Defect::kReplayMismatch, "the schedule runs a thread that cannot run");
      }
      return thread;
    }
    Engine::instance().check_same_again();
    const rl::thread_id_t thread = Base::schedule_impl(reason, yield);
    Engine::instance().decided(static_cast<std::size_t>(thread));
    return thread;
  }

  unsigned rand_impl(unsigned limit, rl::sched_type type) {
    if (!tree_) return static_cast<unsigned>(Engine::instance().decide_value(limit));
    // One value is not a choice, and may be asked for in the middle of an operation.
    if (type != rl::sched_type_sched && limit > 1) Engine::instance().check_same_again();
    const unsigned value = Base::rand_impl(limit, type);
    if (type != rl::sched_type_sched) Engine::instance().decided_value(value, limit);
    return value;
  }

  bool can_switch(thread_info_t& /*thread*/) { return !bound_ || switches_left_ != 0 || pausing_; }
  void on_switch(thread_info_t& thread) {
    // To go on with another thread where one pauses is not a preemption.
    if (bound_ && thread.state_ == rl::thread_state_running && !pausing_) --switches_left_;
    pausing_ = false;
  }
  double iteration_count_approx() { return 1; }

 private:
  static constexpr int kUndecided = -1;

  bool tree_ = false;
  std::optional<unsigned> bound_;
  unsigned switches_left_ = 0;
  bool pausing_ = false;  // the running thread
  int decided_ = kUndecided;
};

/// A Relacy context that is used for many executions. It replaces what Relacy does at scheduling
/// points (our schedulers answer at once, and no fiber is switched where the thread goes on), for
/// the memory of its records (which survives an abandoned execution), and for the heap (which the
/// checker leaves alone).
template <int kThreads>
class RelacyRunner final : public ExecutionRunner,
                           public rl::context_impl<Suite<kThreads>, HookedScheduler<kThreads>> {
  using Context = rl::context_impl<Suite<kThreads>, HookedScheduler<kThreads>>;

 public:
  RelacyRunner() : RelacyRunner(std::make_unique<Environment>()) {}

  [[nodiscard]] std::unique_ptr<SearchScope> begin_search(const RunSettings& settings) override {
    thread_locals_.emplace();
    return std::make_unique<SearchGuards>(settings);
  }

  void start_tree_search(std::optional<unsigned> context_bound) override {
    scheduler_->start_tree(context_bound);
  }

  ExecutionResult run_tree(Execution& execution, const RunSettings& settings) override {
    if (thread_locals_) thread_locals_->remember();
    scheduler_->use_tree(true);
    Engine::instance().begin(execution, *this, nullptr, settings, nullptr, kThreads);
    return run_iteration();
  }

  bool advance_tree() override { return !scheduler_->iteration_end(); }

  ExecutionResult run(Execution& execution, Scheduler& scheduler, const RunSettings& settings,
                      Trace* trace) override {
    if (thread_locals_) thread_locals_->remember();
    scheduler_->use_tree(false);
    Engine::instance().begin(execution, *this, &scheduler, settings, trace, kThreads);
    scheduler.begin();
    return run_iteration();
  }

  void leave_thread() override { sched(); }

  const std::size_t* clock_of(std::size_t thread) const override {
    return threads_[thread] != nullptr ? threads_[thread]->acq_rel_order_ : nullptr;
  }

  [[noreturn]] void abandon() override {
    if (const auto& failure = Engine::instance().failure(); failure && is_tracing()) {
      trace_failure(*failure);
    }
    this->fail_test("", rl::test_result_user_assert_failed, rl::debug_info());
    std::unreachable();
  }

  static inline RelacyRunner* newest = nullptr;

  /// The running fiber goes on, after another one may have run.
  void resume() noexcept {
    rl::thread_info_base& thread = *context_->threadx_;
    Engine::instance().set_clock({thread.acq_rel_order_, static_cast<std::size_t>(thread.index_)});
  }

  /// Called on each thread's fiber when it starts.
  void start(std::size_t index) noexcept {
    threads_[index] = context_->threadx_;
    resume();
  }

  // ---- for Relacy ----

  void sched() override {
    Engine& engine = Engine::instance();
    if (engine.phase() != Engine::Phase::kThreads || engine.quiet()) return;
    engine.count_step();
    if (!scheduler_->uses_tree()) return switch_thread();
    if (engine.is_idle_repetition()) give_up();
    this->schedule(0);
    resume();
  }

  /// Lets the thread run that a scheduler of ours chooses.
  void switch_thread() {
    Engine& engine = Engine::instance();
    const std::size_t running = static_cast<std::size_t>(context_->threadx_->index_);
    const std::size_t next = engine.decide();
    if (next == running) return;
    scheduler_->decide_next(next);
    this->schedule(0);
    resume();
  }

  rl::unpark_reason park_current_thread(bool is_timed, bool may_wake_spuriously, bool do_switch,
                                        rl::debug_info_param info) override {
    const rl::unpark_reason reason =
        Context::park_current_thread(is_timed, may_wake_spuriously, do_switch, info);
    resume();
    return reason;
  }

  /// The running thread pauses; the engine knows what it has done since its last pause. With a
  /// count of 0, it does so only if it repeats what it has done.
  void yield(unsigned count, rl::debug_info_param /*info*/) override {
    Engine& engine = Engine::instance();
    if (count != 0) engine.count_step();
    bool repeats = engine.seems_repetition();
    if (!scheduler_->uses_tree()) {
      repeats = engine.settle_repetition();
    } else if (engine.may_be_repetition()) {
      repeats = scheduler_->settle_repetition(repeats);
    }
    if (count == 0 && !repeats) return engine.does_not_wait();
    const Engine::Pause pause = engine.pause(repeats);
    if (scheduler_->uses_tree()) {
      pause_in_tree(pause);
    } else if (pause == Engine::Pause::kYield) {
      this->schedule(1);
      resume();
    } else {
      switch_thread();
    }
    engine.resume(pause);
  }

  void fail_test(char const* description, rl::test_result_e result,
                 rl::debug_info_param info) override {
    remember_failure(description, result);
    failed_thread_ = static_cast<std::size_t>(context_->threadx_->index_);
    threads_[failed_thread_] = context_->threadx_;
    Context::fail_test("", rl::test_result_user_assert_failed, info);
  }

  void* alloc(std::size_t size) override { return checked_allocation(size); }
  void* alloc(std::size_t size, bool /*is_array*/, rl::debug_info_param /*info*/) override {
    return checked_allocation(size);
  }
  void free(void* memory) override { checked_free(memory); }
  void free(void* memory, bool /*is_array*/, rl::debug_info_param /*info*/) override {
    checked_free(memory);
  }

  rl::atomic_data* atomic_ctor(void* /*object*/) override {
    return ::new (atomics_.take()) rl::atomic_data_impl<kThreads>();
  }
  void atomic_dtor(rl::atomic_data* /*data*/) override {}

  rl::generic_mutex_data* mutex_ctor(bool is_shared, bool is_recursive, bool is_shared_recursive,
                                     bool try_lock_may_fail) override {
    return ::new (mutexes_.take()) rl::generic_mutex_data_impl<kThreads>(
        is_shared, is_recursive, is_shared_recursive, try_lock_may_fail);
  }
  void mutex_dtor(rl::generic_mutex_data* data) override {
    std::destroy_at(static_cast<rl::generic_mutex_data_impl<kThreads>*>(data));
  }

 private:
  /// What Relacy wants to outlive its context.
  struct Environment {
    Environment() {
      // The default decides more than the order of search: it makes loads two stores stale and
      // lets a weak compare-exchange fail for ever.
      params.search_type = rl::sched_full;
      params.collect_history = false;
      params.execution_depth_limit = std::numeric_limits<unsigned>::max();
    }
    rl::test_params params;
    typename HookedScheduler<kThreads>::shared_context_t shared;
  };

  [[noreturn]] void give_up() {
    Engine::instance().stand_still();
    this->abandon();
  }

  void pause_in_tree(Engine::Pause pause) {
    if (pause == Engine::Pause::kStop &&
        (Engine::instance().is_idle_repetition() || !scheduler_->block_running())) {
      give_up();
    }
    scheduler_->set_pausing(true);
    this->schedule(pause == Engine::Pause::kYield ? 1 : 0);
    scheduler_->set_pausing(false);
    resume();
  }

  explicit RelacyRunner(std::unique_ptr<Environment> environment)
      : Context(environment->params, environment->shared),
        environment_(std::move(environment)),
        scheduler_(HookedScheduler<kThreads>::newest),
        context_(rl::context_holder<>::instance_) {
    rl::context_holder<>::instance_ = nullptr;
    newest = this;
  }

  ExecutionResult run_iteration() {
    atomics_.clear();
    mutexes_.clear();
    rl::context_holder<>::instance_ = context_;
    CheckedHeap::set_present(&relacy_heap());
    Fiber::run_here();
    // Relacy prints its progress at multiples of 4,096.
    this->iteration(1);
    CheckedHeap::set_present(nullptr);
    rl::context_holder<>::instance_ = nullptr;
    Engine& engine = Engine::instance();
    if (engine.is_abandoned()) {
      repair((engine.started() & engine.unfinished()) | 1U << failed_thread_);
    }
    if (engine.failure() && engine.settings().free_abandoned_heap) left_behind_.free_all();
    left_behind_.forget_all();
    engine.end();
    if (thread_locals_ && thread_locals_->have_changed()) {
      engine.set_uncontrolled(std::string(ThreadLocals::kChanged), std::source_location());
    }
    return engine.result();
  }

  /// Lets each thread that was left in the middle of something begin again.
  void repair(unsigned abandoned) {
    for (std::size_t i = 0; i < kThreads; ++i) {
      if ((abandoned >> i & 1U) != 0) threads_[i]->fiber_.rewind();
    }
    scheduler_->abandon();
  }

  static void remember_failure(char const* description, rl::test_result_e result);
  static void* checked_allocation(std::size_t size);
  static void checked_free(void* memory);

  std::unique_ptr<Environment> environment_;
  HookedScheduler<kThreads>* scheduler_;
  rl::context* context_;
  std::array<rl::thread_info_base*, kThreads> threads_{};
  std::size_t failed_thread_ = 0;
  std::optional<ThreadLocals> thread_locals_;  // once there was a search
  static inline AbandonedHeap left_behind_;
  RecordPool<rl::atomic_data_impl<kThreads>> atomics_;
  RecordPool<rl::generic_mutex_data_impl<kThreads>> mutexes_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_RELACY_RUNNER_H_
