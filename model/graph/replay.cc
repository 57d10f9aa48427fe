#include "model/graph/replay.h"

#include <algorithm>
#include <utility>

#include "model/graph/memory_reuse.h"
#include "model/search/engine.h"

namespace slabproof::model::graph {
namespace {

Engine& engine() noexcept {
  return Engine::instance();
}

/// An address below the frame of the caller.
[[gnu::noinline]] std::byte* below_caller() noexcept {
  return static_cast<std::byte*>(__builtin_frame_address(0));
}

}  // namespace

Replay::Replay(std::size_t threads) : thread_count_(threads) {
  for (std::size_t index = 0; index < threads; ++index) {
    Thread& thread = threads_[index];
    thread.replay = this;
    thread.index = index;
    thread.fiber.make(&Replay::run_thread, &thread);
  }
  alone_.make(&Replay::run_part, this);
}

// ---- on the stack of the search ----

bool Replay::run_alone(void (*part)()) {
  Fiber::run_here();
  if (alone_must_begin_anew_) alone_.rewind();
  alone_must_begin_anew_ = true;
  part_ = part;
  runs_alone_ = true;
  end_ = End::kRunning;
  // Whatever comes later comes after it.
  alone_clock_.fill(0);
  engine().set_clock({.clock = alone_clock_.data(), .index = 0, .step = 0});
  Fiber::switch_to(alone_, main_);
  runs_alone_ = false;
  return !alone_must_begin_anew_;
}

Replay::End Replay::run(Explorer& explorer, std::size_t event_limit, Scheduler* guide) {
  explorer_ = &explorer;
  event_limit_ = event_limit;
  guide_ = guide;
  chosen_.reset();
  record_.clear();
  for (std::size_t index = 0; index < thread_count_; ++index) {
    Thread& thread = threads_[index];
    if (thread.must_begin_anew) thread.fiber.rewind();
    thread.must_begin_anew = false;
    thread.state = State::kReady;
    thread.passed = 0;
    thread.repeated.clear();
    thread.clock.fill(0);
    thread.clock[index] = 1;
  }
  end_ = End::kRunning;
  running_ = 0;
  if (is_guided()) chosen_ = choose_thread();
  while (end_ == End::kRunning) {
    if (chosen_) {
      resume(*std::exchange(chosen_, std::nullopt));
      continue;
    }
    std::size_t next = 0;
    while (next < thread_count_ && !is_able(next)) ++next;
    if (next == thread_count_) {
      end_ = outcome();
      break;
    }
    // What it waits for comes first, and perhaps what that waits for.
    while (threads_[next].state == State::kWaiting && !has_passed(threads_[next].needs)) {
      next = threads_[next].needs.thread;
      if (!is_able(next)) return End::kNotSame;
    }
    resume(next);
  }
  return end_;
}

bool Replay::is_able(std::size_t thread) const noexcept {
  const State state = threads_[thread].state;
  if (state == State::kReady || state == State::kWaiting) return true;
  if (state != State::kQueued) return false;
  // The two halves of its lock are its last events.
  const EventId before = graph().thread(thread)[threads_[thread].passed - 2].source;
  return has_ended(before);
}

void Replay::resume(std::size_t thread) {
  running_ = thread;
  engine().switched_to(thread);
  tell_clock();
  Thread& resumed = threads_[thread];
  resumed.must_begin_anew = true;
  Fiber::switch_to(resumed.fiber, main_);
  if (!wants_probe_) return;
  wants_probe_ = false;
  {
    const CheckerScope quiet;
    probe_.begin(graph(), thread, resumed.fiber, probe_low_, probe_state_);
  }
  const bool had_failed = engine().failure().has_value();
  Fiber::switch_to(resumed.fiber, main_);
  engine().set_quiet(false);
  if (!had_failed) engine().forget_failure();
  // It may even have come to its end.
  resumed.state = State::kReady;
  resumed.must_begin_anew = true;
  const CheckerScope quiet;
  settle_pause(resumed, probe_.end(resumed.fiber));
}

/// After the trial of a thread that pauses. What a guide has beyond says that a thread which reads
/// does not wait yet; one that reads nothing waits in any case.
void Replay::settle_pause(Thread& paused, bool repeats_itself) {
  std::vector<EventId> reads;
  if (repeats_itself) reads = probe_.repeated_reads();
  const bool waits = repeats_itself && (reads.empty() || !is_guided());
  if (is_guided()) chosen_ = waits ? choose_thread() : paused.index;
  if (!waits) return;
  paused.state = State::kSpinning;
  paused.repeated = std::move(reads);
  if (paused.repeated.empty()) return;
  if (is_hopeless(paused.repeated.back())) end_ = End::kHopeless;
}

Replay::End Replay::outcome() const {
  bool is_complete = true;
  bool is_stuck = true;
  for (std::size_t index = 0; index < thread_count_; ++index) {
    const Thread& thread = threads_[index];
    is_complete &= thread.state == State::kDone || thread.state == State::kFailed;
    is_stuck &=
        std::ranges::all_of(thread.repeated, [this](EventId read) { return reads_newest(read); });
  }
  if (is_complete) return End::kComplete;
  return is_stuck ? End::kStuck : End::kBlocked;
}

bool Replay::reads_newest(EventId read) const {
  const Event& event = graph().at(read);
  return event.source == graph().write_at(event.location, graph().last_position(event.location));
}

/// Whether no write that is still to come can revisit the last read of a wait, or an older one: the
/// read is not the first choice, and all that a revisit takes away must be.
bool Replay::is_hopeless(EventId read) const {
  const Event& event = graph().at(read);
  const auto writes = graph().writes_to(event.location);
  const auto seen = graph().position(event.location, event.source) + 1;
  return std::any_of(writes.begin() + seen, writes.end(),
                     [&](EventId write) { return graph().at(write).stamp < event.stamp; });
}

// ---- on the fibers ----

void Replay::run_thread(void* thread) {
  Thread& me = *static_cast<Thread*>(thread);
  for (;;) {
    me.replay->note_step();
    engine().run_thread(me.index);
    me.state = State::kDone;
    if (me.replay->is_guided()) me.replay->chosen_ = me.replay->choose_thread();
    me.must_begin_anew = false;
    me.replay->leave_fiber();
  }
}

void Replay::run_part(void* replay) {
  Replay& self = *static_cast<Replay*>(replay);
  for (;;) {
    self.part_();
    self.alone_must_begin_anew_ = false;
    self.leave_fiber();
  }
}

void Replay::leave_fiber() {
  probe_low_ = below_caller();
  Fiber::switch_to(main_, runs_alone_ ? alone_ : running().fiber);
}

void Replay::end(End how) {
  end_ = how;
  leave_fiber();
  __builtin_unreachable();
}

void Replay::abandon() {
  end(End::kAbandoned);
}

void Replay::leave_thread() {
  running().state = State::kFailed;
  leave_fiber();
}

void Replay::about_to_act() {
  if (probe_.is_active()) leave_fiber();
}

bool Replay::is_at_frontier() const noexcept {
  return threads_[running_].passed == graph().thread(running_).size();
}

void Replay::wait_for(EventId event) {
  while (!has_passed(event)) {
    running().state = State::kWaiting;
    running().needs = event;
    leave_fiber();
  }
  running().state = State::kReady;
}

/// Which thread the guide lets go on next. May leave the fiber, where the guide makes no sense.
std::size_t Replay::choose_thread() {
  SchedulingPoint at;
  at.current = running_;
  for (std::size_t thread = 0; thread < thread_count_; ++thread) {
    if (threads_[thread].state != State::kDone) at.unfinished |= just(thread);
  }
  at.enabled = at.unfinished;
  if (at.unfinished == 0) return running_;
  const std::size_t thread = guide_->choose_thread(at);
  engine().decided(thread);
  return thread;
}

/// Comes back when it is the running thread that is to go on.
void Replay::ask_guide() {
  const std::size_t next = choose_thread();
  if (next == running_) return;
  chosen_ = next;
  leave_fiber();
}

void Replay::take_turn() {
  if (is_guided()) return ask_guide();
  const auto someone_is_first = [this] {
    std::size_t first = 0;
    while (!is_able(first)) ++first;
    return first != running_;
  };
  while (someone_is_first()) leave_fiber();
  // A lock makes as many events at once.
  constexpr std::size_t kMostAtOnce = 3;
  if (graph().thread(running_).size() + kMostAtOnce > event_limit_) end(End::kTooLong);
}

void Replay::note_step() {
  const CheckerScope quiet;
  record_.add(running_);
}

void Replay::pass(std::size_t count) {
  note_step();
  Thread& me = running();
  me.passed += count;
  const Clock& before = graph().thread(running_)[me.passed - 1].happens_before;
  for (std::size_t thread = 0; thread < thread_count_; ++thread) me.clock[thread] = before[thread];
  me.clock[running_] = me.passed + 1;
}

void Replay::tell_clock() {
  engine().set_clock({.clock = running().clock.data(), .index = running_, .step = 0});
}

void Replay::check_same(const Event& found, const Event& operation) {
  const bool is_same = found.action == operation.action && found.location == operation.location &&
                       found.expected == operation.expected && found.operand == operation.operand;
  if (!is_same) end(End::kNotSame);
}

void Replay::add_read(const Event& operation) {
  const std::size_t writes = graph().writes_to(operation.location).size();
  const std::size_t count = value_count(operation, writes);
  const std::size_t value = guide_ != nullptr ? engine().decide_value(count) : 0;
  {
    const CheckerScope quiet;
    if (guide_ == nullptr) return explorer_->add_read(running_, operation);
    const std::size_t newer = value % (writes + 1);
    if (explorer_->add_read_of(running_, operation, newer, value > writes)) return;
  }
  abandon_execution(Defect::kReplayMismatch, "the schedule has a value that cannot be");
}

void Replay::add_write(const Event& operation) {
  const std::size_t writes = graph().writes_to(operation.location).size();
  const std::size_t newer =
      guide_ != nullptr ? engine().decide_value(value_count(operation, writes)) : 0;
  {
    const CheckerScope quiet;
    if (guide_ == nullptr) return explorer_->add_write(running_, operation);
    if (explorer_->add_write_before(running_, operation, newer)) return;
  }
  abandon_execution(Defect::kReplayMismatch, "the schedule has a value that cannot be");
}

void Replay::add_allocation(const Event& operation) {
  if (guide_ == nullptr) {
    const CheckerScope quiet;
    return explorer_->add_allocation(running_, operation);
  }
  std::size_t choices = 1;
  {
    const CheckerScope quiet;
    choices += reusable(graph(), operation.location, all_of(graph())).size();
  }
  const std::size_t choice = engine().decide_value(choices);
  {
    const CheckerScope quiet;
    if (explorer_->add_allocation_of(running_, operation, choice)) return;
  }
  abandon_execution(Defect::kReplayMismatch, "the schedule has a value that cannot be");
}

Replay::Outcome Replay::read(const Event& operation) {
  if (probe_.is_active()) {
    const CheckerScope quiet;
    const auto value = probe_.read(operation);
    const bool would_write =
        operation.action != Action::kLoad && value && *value == operation.expected;
    if (value && !would_write) return {.value = *value, .has_written = false};
    engine().set_quiet(false);
    leave_fiber();
  }
  const std::size_t index = running().passed;
  if (is_at_frontier()) {
    take_turn();
    add_read(operation);
  } else {
    check_same(graph().thread(running_)[index], operation);
  }
  wait_for(graph().thread(running_)[index].source);
  const Event& event = graph().thread(running_)[index];
  const bool has_written = event.kind == EventKind::kExclusiveRead;
  const Outcome outcome{.value = event.value, .has_written = has_written};
  pass(has_written ? 2 : 1);
  return outcome;
}

void Replay::write(const Event& operation) {
  about_to_act();
  if (is_at_frontier()) {
    take_turn();
    add_write(operation);
  } else {
    const Event& event = graph().thread(running_)[running().passed];
    check_same(event, operation);
    if (event.value != operation.value) end(End::kNotSame);
  }
  pass(1);
}

void Replay::fence(const Event& operation) {
  if (probe_.is_active()) {
    const CheckerScope quiet;
    if (probe_.fence(operation)) return;
    engine().set_quiet(false);
    leave_fiber();
  }
  if (is_at_frontier()) {
    take_turn();
    const CheckerScope quiet;
    explorer_->add(running_, operation);
  } else {
    check_same(graph().thread(running_)[running().passed], operation);
  }
  pass(1);
}

/// Comes back when it is the turn of the running thread and the lock before its own has ended.
void Replay::queue_for_unlock(EventId before) {
  for (;;) {
    while (!is_guided() && !has_ended(before)) {
      running().state = State::kQueued;
      leave_fiber();
    }
    running().state = State::kReady;
    take_turn();
    if (has_ended(before)) return;
    if (is_guided()) {
      abandon_execution(Defect::kReplayMismatch, "the schedule runs a thread that cannot run");
    }
  }
}

void Replay::lock(const Event& operation) {
  about_to_act();
  read(operation);
  const std::size_t index = running().passed;
  const EventId before = graph().thread(running_)[index - 2].source;
  if (!is_at_frontier()) {
    const Event& event = graph().thread(running_)[index];
    if (event.kind != EventKind::kAcquired) end(End::kNotSame);
    wait_for(event.source);
    return pass(1);
  }
  queue_for_unlock(before);
  Event acquired;
  acquired.kind = EventKind::kAcquired;
  acquired.location = operation.location;
  acquired.place = operation.place;
  if (!before.is_initial()) {
    const auto unlock = static_cast<std::uint16_t>(graph().at(before).unlock - 1);
    acquired.source = {before.thread, unlock};
  }
  wait_for(acquired.source);
  {
    const CheckerScope quiet;
    explorer_->add(running_, acquired);
  }
  pass(1);
}

void Replay::unlock(const Event& operation) {
  about_to_act();
  if (is_at_frontier()) {
    take_turn();
    const auto& events = graph().thread(running_);
    std::size_t lock = events.size() - 1;
    while (events[lock].kind != EventKind::kExclusiveWrite ||
           events[lock].action != Action::kLock || events[lock].location != operation.location) {
      --lock;
    }
    const CheckerScope quiet;
    explorer_->add_unlock({static_cast<std::uint8_t>(running_), static_cast<std::uint16_t>(lock)},
                          operation);
  } else {
    check_same(graph().thread(running_)[running().passed], operation);
  }
  pass(1);
}

std::byte* Replay::allocate(const Event& operation) {
  about_to_act();
  const std::size_t index = running().passed;
  if (is_at_frontier()) {
    take_turn();
    add_allocation(operation);
  } else {
    check_same(graph().thread(running_)[index], operation);
  }
  wait_for(graph().thread(running_)[index].source);
  const std::uint64_t address = graph().thread(running_)[index].value;
  pass(1);
  return reinterpret_cast<std::byte*>(address);
}

void Replay::free(const Event& operation) {
  about_to_act();
  if (is_at_frontier()) {
    take_turn();
    const CheckerScope quiet;
    explorer_->add_free(running_, operation);
  } else {
    const Event& event = graph().thread(running_)[running().passed];
    check_same(event, operation);
    if (event.value != operation.value) end(End::kNotSame);
  }
  pass(1);
}

void Replay::pause(const std::byte* local_state) {
  if (probe_.is_active()) {
    probe_.reach_pause(local_state);
    leave_fiber();
  }
  // What the graph has beyond says that it did not wait.
  if (!is_at_frontier()) return;
  probe_state_ = local_state;
  wants_probe_ = true;
  leave_fiber();
  // Once as a trial, and once more if that showed that it does not wait.
}

}  // namespace slabproof::model::graph
