#include "model/search/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "model/search/execution_runner.h"

namespace slabproof::model {

namespace {

constexpr std::string_view kNotTheSame =
    "the program does not do the same again under the same schedule: it depends on something other "
    "than what it reads through the checked sync policy, such as state that before() does not set "
    "up anew, a clock, a random number or an address";

}  // namespace

Engine Engine::the_engine_;

void Engine::begin_search() noexcept {
  compares_ = true;
  uncontrolled_ = false;
  choice_count_ = 0;
  warned_at_.clear();
  warnings_.clear();
}

void Engine::note_unordered_store(std::string_view object, const std::source_location& where) {
  const CheckerScope quiet;
  const SourcePlace place = SourcePlace::of(where);
  if (std::ranges::find(warned_at_, place) != warned_at_.end()) return;
  warned_at_.push_back(place);
  warnings_.push_back(
      fmt::format("two stores to {}, unordered by happens-before, ran in one order only ({}:{}): "
                  "under C++20 coherence may order them otherwise; --search graph explores both",
                  object, place.file, place.line));
}

void Engine::set_uncontrolled(std::string message, const std::source_location& where) {
  uncontrolled_ = true;
  failure_.reset();
  set_failure({.defect = Defect::kUnsupported,
               .message = std::move(message),
               .place = SourcePlace::of(where)});
}

void Engine::abandon_uncontrolled(std::string message, const std::source_location& where) {
  const CheckerScope quiet;
  uncontrolled_ = true;
  abandon_execution(Defect::kUnsupported, std::move(message), where);
}

void Engine::abandon_as_not_the_same() {
  const CheckerScope quiet;
  uncontrolled_ = true;
  abandon_execution(Defect::kNondeterminism, kNotTheSame);
}

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
  runs_execution = true;
  any_execution_runs_.store(true, std::memory_order::relaxed);
  ++executions_;
  seen_ = 0;
  choices_before_ = choice_count_;
  same_choices_ = compares_;
  running_ = 0;
  started_ = 0;
  anyone_paused_ = false;
  anyone_yielded_ = false;
  explores_all_ = scheduler == nullptr || scheduler->explores_all();
  compares_states_ = scheduler != nullptr && scheduler->compares_states();
  slabproof_clears_stack = compares_states_;
  parked_.fill({});
  is_starting_ = false;
  is_repetition_ = false;
  is_cut_ = false;
  failed_ = 0;
  trying_ = 0;
  retrying_ = 0;
  failed_tries_.fill(0);
  without_cause_.fill(0);
  repeated_reads_.fill({});
  for (RepeatedTry& repeated : repeated_tries_) repeated.forget();
  last_access_ = {};
  waits_begun_ = 0;
  quiet_ = false;
  at_ = SchedulingPoint{};
  at_.unfinished = static_cast<ThreadSet>((1U << execution.thread_count()) - 1);
  seen_since_yield_.fill(0);
  locks_held_.fill(0);
  fail_next_request_.fill(false);
  objects_made_.fill(0);
  exit_count_.fill(0);
  steps_ = 0;
  accesses_ = 0;
  has_seq_cst_access_ = false;
  has_seq_cst_fence_ = false;
  choice_count_ = 0;
  failure_.reset();
  survivor_.reset();
}

void Engine::end() {
  phase_ = Phase::kIdle;
  slabproof_clears_stack = false;
  any_execution_runs_.store(false, std::memory_order::relaxed);
  runs_execution = false;
  if (!failure_ && same_choices_ && choice_count_ < choices_before_) {
    set_uncontrolled(std::string(kNotTheSame), std::source_location());
  }
  if (const std::source_location* const where = foreign_use()) {
    foreign_use_ = nullptr;
    set_uncontrolled(
        "a thread of the operating system that the checker did not start uses an object under "
        "check: all threads of the program must be threads of the Execution",
        *where);
  }
}

void Engine::refuse_foreign_use(const std::source_location& where) noexcept {
  if (!any_execution_runs_) {
    std::fprintf(
        stderr,
        "slabproof: an object under check is used while no execution runs (%s:%u): make it "
        "in Execution::before, end it in Execution::after\n",
        where.file_name(), static_cast<unsigned>(where.line()));
    std::abort();
  }
  const std::source_location* none = nullptr;
  foreign_use_.compare_exchange_strong(none, &where);
  for (;;) ::pause();
}

std::string Engine::actor_name() const {
  switch (phase_) {
    case Phase::kIdle:
      break;
    case Phase::kBefore:
      return "what runs before the threads";
    case Phase::kThreads:
      return fmt::format("thread {}", running_);
    case Phase::kAfter:
      return "what runs after the threads";
  }
  return "nothing";
}

void Engine::note_exception(std::string_view what) {
  const CheckerScope quiet;
  set_failure({.defect = Defect::kUncaughtException,
               .message = fmt::format("an exception leaves {}: {}", actor_name(), what)});
}

template <class Part>
void Engine::run_part(Part part) {
  try {
    part();
    return;
  } catch (const std::exception& exception) {
    note_exception(exception.what());
  } catch (...) {
    note_exception("not a std::exception");
  }
  // Only now has the runtime ended the exception.
  runner_->about_to_fail();
  leave(Defect::kUncaughtException);
}

void Engine::run_before() {
  phase_ = Phase::kBefore;
  run_part([this] { execution_->before(); });
  phase_ = Phase::kThreads;
}

void Engine::run_thread(std::size_t index) {
  waits_.begin_thread(index, static_cast<const std::byte*>(__builtin_frame_address(0)));
  running_ = static_cast<std::uint8_t>(index);
  started_ |= just(index);
  run_part([&] {
    execution_->thread(index);
    run_exits();
  });
  at_.unfinished = without(at_.unfinished, just(index));
  at_.pending[index] = {};
  if (anyone_yielded_) {
    for (ThreadSet& waits : at_.waits_for) waits = without(waits, just(index));
  }
}

void Engine::run_after() {
  phase_ = Phase::kAfter;
  run_part([this] {
    execution_->after();
    run_exits();
  });
}

void Engine::at_exit(void (*exit)() noexcept, const std::source_location& where) {
  std::uint8_t& count = exit_count_[actor()];
  if (count == kExitsPerActor) {
    abandon_execution(Defect::kUnsupported, "a thread has too much to do when it ends", where);
  }
  exits_[actor()][count++] = exit;
}

void Engine::run_exits() {
  // What runs may add to it.
  for (std::uint8_t& count = exit_count_[actor()]; count != 0;) exits_[actor()][--count]();
}

std::size_t Engine::decide() {
  check_same_again();
  const CheckerScope quiet;
  if (anyone_yielded_) settle_yields();
  std::size_t thread = 0;
  const ThreadSet unstarted = without(at_.unfinished, started_);
  is_starting_ = unstarted != 0 && scheduler_->starts_threads_first();
  if (is_starting_) {
    thread = static_cast<std::size_t>(std::countr_zero(unstarted));
  } else {
    compute_enabled();
    if (at_.enabled == 0) {
      stand_still();
      runner_->abandon();
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
  if (!anyone_paused_) return;
  for (auto& pauses : pauses_since_step_) pauses[thread] = 0;
}

std::size_t Engine::decide_value(std::size_t count) {
  if (count == 1) return 0;
  check_same_again();
  const CheckerScope quiet;
  const std::size_t value = scheduler_->choose_value(count);
  decided_value(value, count);
  return value;
}

void Engine::decided_value(std::size_t value, std::size_t count) noexcept {
  if (count > 1) record(Choice::value(value));
}

void Engine::record(Choice choice) noexcept {
  if (choice_count_ == kMaxChoices) return;
  same_choices_ =
      same_choices_ && choice_count_ < choices_before_ && choices_[choice_count_] == choice;
  seen_before_[choice_count_] = seen_;
  choices_[choice_count_++] = choice;
}

void Engine::count_step() {
  if (++steps_ <= settings_.step_limit && choice_count_ < kMaxChoices) return;
  const CheckerScope quiet;
  // The others do not go on: there would be no end of it.
  settings_.outlive_failures = false;
  is_cut_ = true;
  const ThreadSet waiting = at_.stopped | waiting_for_locks() | just(running_);
  if (without(at_.unfinished, waiting) == 0) {
    abandon_execution(Defect::kLivelock,
                      fmt::format("livelock: no end after {} steps, and no thread but {} can go on",
                                  settings_.step_limit, actor_name()),
                      last_access_);
  }
  abandon_execution(
      Defect::kNotJudged,
      fmt::format("no end after {} steps: {} loops here and never pauses, so it is not known to "
                  "wait; call pause() in a loop that waits, or await()",
                  settings_.step_limit, actor_name()),
      last_access_);
}

void Engine::set_failure(Failure failure) {
  if (failure_) return;
  failure_ = std::move(failure);
  choices_to_failure_ = choice_count_;
}

void Engine::note_survivor(Failure failure) {
  if (!survivor_) survivor_ = std::move(failure);
}

void Engine::abandon(Defect defect, std::string_view message, const std::source_location& where,
                     std::string_view label) {
  runner_->about_to_fail();
  {
    const CheckerScope quiet;
    set_failure({.defect = defect,
                 .label = std::string(label),
                 .message = std::string(message),
                 .place = SourcePlace::of(where)});
  }
  leave(defect);
}

void Engine::leave(Defect defect) {
  // What does not fit the schedule is not a failure of the thread that runs.
  if (defect != Defect::kReplayMismatch && defect != Defect::kNondeterminism && !uncontrolled_ &&
      stop_failed_thread()) {
    runner_->leave_thread();
  }
  runner_->abandon();
  std::unreachable();
}

void Engine::stand_still() {
  if (failure_) return;
  if ((trying_ & at_.unfinished) != 0) {
    is_repetition_ = true;
    return;
  }
  if (explores_all_ && is_idle_repetition()) {
    is_repetition_ = true;
    return;
  }
  set_failure({.defect = is_livelock() ? Defect::kLivelock : Defect::kDeadlock,
               .message = describe_standstill()});
}

const std::size_t* Engine::clock_of(std::size_t thread) const {
  return runner_->clock_of(thread);
}

void Engine::leave_known_state() {
  is_repetition_ = true;
  runner_->abandon();
  std::unreachable();
}

void Engine::refuse_unseen(std::string_view what, const std::source_location& where) {
  const CheckerScope quiet;
  abandon_execution(
      Defect::kUnsupported,
      fmt::format("{}, which a search over states does not see; use --search dpor or graph", what),
      where);
}

bool Engine::stop_failed_thread() {
  if (!settings_.outlive_failures || !explores_all_ || phase_ != Phase::kThreads) return false;
  if (contains(failed_, running_)) return false;
  if (accesses_ > settings_.access_limit) {
    // Nor could the others do anything more.
    is_cut_ = true;
    return false;
  }
  // Where the order in which threads start is not explored, nobody ever fails before this one.
  if (is_starting_) is_cut_ = true;
  failed_ |= just(running_);
  at_.stopped |= just(running_);
  at_.pending[running_] = {};
  quiet_ = false;
  if (scheduler_ != nullptr) scheduler_->failed(running_);
  return true;
}

std::string Engine::describe_standstill() const {
  std::string text = is_livelock() ? "livelock:" : "deadlock:";
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
    if (!contains(at_.unfinished, thread)) continue;
    const Operation next = at_.pending[thread];
    const char* const comma = text.back() == ':' ? "" : ",";
    if (contains(at_.stopped, thread)) {
      text += fmt::format("{} thread {} waits for what nobody will write", comma, thread);
    } else if (next.kind == OperationKind::kLock) {
      const std::uint8_t owner = owner_[next.object];
      text += fmt::format("{} thread {} waits for mutex {}", comma, thread, next.object);
      if (owner != kNoOwner && owner != 0) text += fmt::format(" held by thread {}", owner - 1);
    }
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
  if (!explores_all_) at_.stopped = without(at_.stopped, without(waits_.tried_by(mutex), failed_));
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
  const ThreadSet able = without(at_.unfinished, waiting_for_locks() | at_.stopped);
  ThreadSet yielding = 0;
  if (anyone_yielded_) {
    for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
      if (without(at_.waits_for[thread], at_.stopped) != 0) yielding |= just(thread);
    }
  }
  at_.enabled = without(able, yielding);
  if (at_.enabled == 0 && able != 0) {
    // Everyone waits for everyone: nobody has to.
    at_.waits_for.fill(0);
    at_.enabled = able;
  }
}

// ---- pauses ----

void Engine::end_turn(const LocalState& state) {
  if (!anyone_paused_) {
    waits_.begin_execution();
    for (auto& pauses : pauses_since_step_) pauses.fill(0);
  }
  anyone_paused_ = true;
  may_be_repetition_ = waits_.has_no_effect(running_);
  turn_ = waits_.end_turn(running_, state);
}

void Engine::end_turn_of(std::uint64_t wait) {
  LocalState state;
  state.registers[0] = wait;
  state.stack = waits_.stack_base(running_);
  end_turn(state);
}

bool Engine::settle_repetition() {
  const CheckerScope quiet;
  if (pauses_are_points()) return false;
  return may_be_repetition_ && scheduler_->settle_repetition(seems_repetition());
}

Engine::Pause Engine::pause(bool is_repetition) {
  if (pauses_are_points()) {
    announce(OperationKind::kPause, 0);
    return Pause::kPoint;
  }
  forget_repeated_reads();
  for (std::uint32_t& pauses : pauses_since_step_[running_]) ++pauses;
  announce(OperationKind::kPause, 0);
  if (is_repetition) {
    if (!seems_repetition()) waits_.doubt(running_);
    if (!explores_all_ && may_differ(running_)) {
      waits_.begin_again(running_);
      return Pause::kPoint;
    }
    at_.stopped |= just(running_);
    return Pause::kStop;
  }
  if (seems_repetition()) waits_.begin_again(running_);
  if (!is_to_yield()) return Pause::kPoint;
  if (without(at_.unfinished, at_.stopped | just(running_)) != 0) is_cut_ = true;
  announce(OperationKind::kYield, 0);
  return Pause::kYield;
}

bool Engine::is_to_yield() const noexcept {
  const unsigned in_a_row = waits_.in_a_row(running_);
  if (turn_ == WaitTurns::Turn::kRetry && in_a_row > settings_.retries) return true;
  if (turn_ == WaitTurns::Turn::kSameReads && in_a_row > settings_.counted_turns) return true;
  const ThreadSet waiting = at_.stopped | waiting_for_locks() | just(running_);
  for (unsigned rest = without(at_.unfinished, waiting); rest != 0; rest &= rest - 1) {
    const auto other = static_cast<std::size_t>(std::countr_zero(rest));
    if (pauses_since_step_[running_][other] > settings_.other_turns) return true;
  }
  return false;
}

void Engine::resume(Pause pause) {
  if (pause == Pause::kYield) yielded();
  // Only a search that does not explore all executions lets a thread go on that it has stopped.
  if (pause == Pause::kStop) waits_.begin_again(running_);
}

void Engine::note_watched_read(const void* object, std::uint64_t value, bool is_final) {
  const CheckerScope quiet;
  waits_.read(running_, object, value, is_final);
}

void Engine::note_watched_write(const void* object, std::uint64_t value) noexcept {
  const ThreadSet readers = waits_.write(running_, object, value);
  if (!explores_all_) at_.stopped = without(at_.stopped, without(readers, failed_));
}

void Engine::failed_to_lock(std::uint16_t mutex) {
  ++failed_tries_[running_];
  const CheckerScope quiet;
  if (watches_turns()) waits_.failed_to_lock(running_, mutex);
  repeated_tries_[running_].failed(done());
}

bool Engine::repeats_failed_try(const void* mutex) {
  const CheckerScope quiet;
  return repeated_tries_[running_].reaches(mutex, done(), local_state(),
                                           waits_.stack_base(running_));
}

// A try_lock of a mutex that is held could not have done anything but fail.
bool Engine::may_differ(std::size_t thread) const noexcept {
  return waits_.may_differ(thread) ||
         std::ranges::any_of(waits_.tries(thread),
                             [this](std::uint16_t mutex) { return !is_held(mutex); });
}

bool Engine::is_idle_repetition() const noexcept {
  for (unsigned rest = without(at_.stopped, failed_); rest != 0; rest &= rest - 1) {
    if (may_differ(static_cast<std::size_t>(std::countr_zero(rest)))) return true;
  }
  return false;
}

// Fairness as in Relacy's own searches: a thread that yields is not scheduled again before each
// other thread has made a step, except that a thread which it has just waited for need not make
// another one.

void Engine::yielded() noexcept {
  anyone_yielded_ = true;
  ThreadSet waits = 0;
  const ThreadSet others = without(at_.unfinished, at_.stopped | just(running_));
  for (unsigned rest = others; rest != 0; rest &= rest - 1) {
    const auto other = static_cast<std::size_t>(std::countr_zero(rest));
    if (!contains(seen_since_yield_[other], running_)) waits |= just(other);
    seen_since_yield_[other] = without(seen_since_yield_[other], just(running_));
  }
  at_.waits_for[running_] = waits;
}

void Engine::settle_yields() noexcept {
  if (at_.current == SchedulingPoint::kNobody) return;
  const ThreadSet step = just(at_.current);
  ThreadSet awaited = 0;
  for (const ThreadSet waits : at_.waits_for) awaited |= waits;
  if ((awaited & step) == 0) return;
  for (ThreadSet& waits : at_.waits_for) waits = without(waits, step);
  seen_since_yield_[at_.current] = static_cast<ThreadSet>(~0U);
}

}  // namespace slabproof::model
