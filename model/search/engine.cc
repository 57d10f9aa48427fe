#include "model/search/engine.h"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "model/search/execution_runner.h"

namespace slabproof::model {

Engine Engine::the_engine_;

void Engine::begin(Execution& execution, ExecutionRunner& runner, Scheduler* scheduler,
                   const RunSettings& settings, Trace* trace, std::size_t slots) {
  execution_ = &execution;
  runner_ = &runner;
  scheduler_ = scheduler;
  settings_ = settings;
  trace_ = trace;
  scheduler_owns_mutexes_ = scheduler != nullptr && scheduler->never_blocks();
  slots_ = slots;
  phase_ = Phase::kBefore;
  running_ = 0;
  started_ = 0;
  anyone_paused_ = false;
  quiet_ = false;
  at_ = SchedulingPoint{};
  at_.unfinished = static_cast<ThreadSet>((1U << execution.thread_count()) - 1);
  seen_since_pause_.fill(0);
  locks_held_.fill(0);
  fail_next_request_.fill(false);
  objects_made_.fill(0);
  steps_ = 0;
  accesses_ = 0;
  choice_count_ = 0;
  failure_.reset();
}

void Engine::end() {
  phase_ = Phase::kIdle;
}

void Engine::run_before() {
  phase_ = Phase::kBefore;
  execution_->before();
  phase_ = Phase::kThreads;
}

void Engine::run_thread(std::size_t index) {
  running_ = static_cast<std::uint8_t>(index);
  started_ |= just(index);
  execution_->thread(index);
  at_.unfinished = without(at_.unfinished, just(index));
  at_.pending[index] = {};
  if (anyone_paused_) {
    for (ThreadSet& waits : at_.waits_for) waits = without(waits, just(index));
  }
}

void Engine::run_after() {
  phase_ = Phase::kAfter;
  execution_->after();
}

std::size_t Engine::decide() {
  const CheckerScope quiet;
  if (anyone_paused_) settle_pauses();
  std::size_t thread = 0;
  const ThreadSet unstarted = without(at_.unfinished, started_);
  if (unstarted != 0 && scheduler_->starts_threads_first()) {
    thread = static_cast<std::size_t>(std::countr_zero(unstarted));
  } else {
    compute_enabled();
    if (at_.enabled == 0) {
      abandon_execution(Defect::kDeadlock, describe_deadlock());
    }
    thread = scheduler_->choose_thread(at_);
  }
  decided(thread);
  return thread;
}

void Engine::decided(std::size_t thread) noexcept {
  record(Choice::thread(thread));
  at_.current = thread;
  running_ = static_cast<std::uint8_t>(thread);
}

std::size_t Engine::decide_value(std::size_t count) {
  if (count == 1) return 0;
  const CheckerScope quiet;
  const std::size_t value = scheduler_->choose_value(count);
  decided_value(value, count);
  return value;
}

void Engine::decided_value(std::size_t value, std::size_t count) noexcept {
  if (count > 1) record(Choice::value(value));
}

void Engine::record(Choice choice) noexcept {
  if (choice_count_ < kMaxChoices) choices_[choice_count_++] = choice;
}

void Engine::count_step() {
  if (++steps_ <= settings_.step_limit && choice_count_ < kMaxChoices) return;
  const CheckerScope quiet;
  abandon_execution(Defect::kLivelock,
                    fmt::format("livelock: no end after {} steps", settings_.step_limit));
}

void Engine::set_failure(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
}

void Engine::abandon(Defect defect, std::string_view message, const std::source_location& where,
                     std::string_view label) {
  {
    const CheckerScope quiet;
    set_failure({.defect = defect,
                 .label = std::string(label),
                 .message = std::string(message),
                 .place = SourcePlace::of(where)});
  }
  runner_->abandon();
  std::unreachable();
}

std::string Engine::describe_deadlock() const {
  std::string text = "deadlock:";
  for (std::size_t thread = 0; thread < kMaxModelThreads; ++thread) {
    const Operation next = at_.pending[thread];
    if (!contains(at_.unfinished, thread) || next.kind != OperationKind::kLock) continue;
    const std::uint8_t owner = owner_[next.object];
    text += fmt::format("{} thread {} waits for mutex {}", text.back() == ':' ? "" : ",", thread,
                        next.object);
    if (owner != kNoOwner && owner != 0) text += fmt::format(" held by thread {}", owner - 1);
  }
  return text;
}

std::optional<std::uint16_t> Engine::new_object() noexcept {
  std::uint16_t& made = objects_made_[actor()];
  if (made == kObjectsPerActor) return std::nullopt;
  return static_cast<std::uint16_t>(actor() * kObjectsPerActor + made++);
}

void Engine::locked(std::uint16_t mutex) noexcept {
  owner_[mutex] = static_cast<std::uint8_t>(actor());
  ++locks_held_[actor()];
  if (phase_ == Phase::kThreads) execution_->acquired(running_, mutex);
}

void Engine::unlocked(std::uint16_t mutex) noexcept {
  owner_[mutex] = kNoOwner;
  --locks_held_[actor()];
  if (scheduler_ != nullptr && phase_ == Phase::kThreads) scheduler_->released(mutex);
}

bool Engine::take_request_failure() noexcept {
  return std::exchange(fail_next_request_[actor()], false);
}

ThreadSet Engine::waiting_for_locks() const noexcept {
  ThreadSet waiting = 0;
  for (unsigned rest = at_.unfinished; rest != 0; rest &= rest - 1) {
    const auto thread = static_cast<std::size_t>(std::countr_zero(rest));
    const Operation next = at_.pending[thread];
    if (next.kind == OperationKind::kLock && owner_[next.object] != kNoOwner) {
      waiting |= just(thread);
    }
  }
  return waiting;
}

void Engine::compute_enabled() noexcept {
  const ThreadSet able = without(at_.unfinished, waiting_for_locks());
  ThreadSet pausing = 0;
  if (anyone_paused_) {
    for (std::size_t thread = 0; thread < kMaxModelThreads; ++thread) {
      if (at_.waits_for[thread] != 0) pausing |= just(thread);
    }
  }
  at_.enabled = without(able, pausing);
  if (at_.enabled == 0 && able != 0) {
    // Everyone waits for everyone: nobody has to.
    at_.waits_for.fill(0);
    at_.enabled = able;
  }
}

// Fairness as in Relacy's own searches: a thread that pauses is not scheduled again before each
// other thread has made a step, except that a thread which it has just waited for need not make
// another one.

void Engine::paused() noexcept {
  anyone_paused_ = true;
  ThreadSet waits = 0;
  for (unsigned rest = without(at_.unfinished, just(running_)); rest != 0; rest &= rest - 1) {
    const auto other = static_cast<std::size_t>(std::countr_zero(rest));
    if (!contains(seen_since_pause_[other], running_)) waits |= just(other);
    seen_since_pause_[other] = without(seen_since_pause_[other], just(running_));
  }
  at_.waits_for[running_] = waits;
}

void Engine::settle_pauses() noexcept {
  if (at_.current == SchedulingPoint::kNobody) return;
  const ThreadSet step = just(at_.current);
  ThreadSet awaited = 0;
  for (const ThreadSet waits : at_.waits_for) awaited |= waits;
  if ((awaited & step) == 0) return;
  for (ThreadSet& waits : at_.waits_for) waits = without(waits, step);
  seen_since_pause_[at_.current] = static_cast<ThreadSet>(~0U);
}

}  // namespace slabproof::model
