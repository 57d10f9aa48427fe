#include "model/graph/replay.h"

#include <algorithm>
#include <utility>

#include "model/graph/memory_reuse.h"
#include "model/graph/operation_result.h"
#include "model/search/engine.h"

namespace slabproof::model::graph {
namespace {

Engine& engine() noexcept {
  return Engine::instance();
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
    thread.rounds.begin(thread.fiber.stack_end());
    thread.acts = 0;
    thread.waits_by_choice = false;
    thread.repeated.clear();
    thread.passing.clear();
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
}

Replay::End Replay::outcome() const {
  bool is_complete = true;
  bool all_are_stuck = true;
  for (std::size_t index = 0; index < thread_count_; ++index) {
    const Thread& thread = threads_[index];
    is_complete &= thread.state == State::kDone || thread.state == State::kFailed;
    all_are_stuck &= is_stuck(index);
  }
  if (any_round_is_observed()) return End::kObserved;
  if (is_complete) return End::kComplete;
  return all_are_stuck ? End::kStuck : End::kBlocked;
}

/// Whether a thread that stands still does so in every execution that begins like this one. One
/// that has queued for a mutex with a try_lock could have failed; one that fails again and again
/// could have a mutex that nobody holds.
bool Replay::is_stuck(std::size_t index) const {
  const Thread& thread = threads_[index];
  if (thread.waits_by_choice) return false;
  if (thread.state == State::kQueued) {
    return graph().thread(index)[thread.passed - 2].action != Action::kTryLock;
  }
  const std::vector<Event>& events = graph().thread(index);
  return std::ranges::all_of(thread.repeated, [&](EventId repeated) {
    return events[repeated.index].is_failed_try()
               ? is_never_given_back(events[repeated.index].location)
               : reads_newest(repeated);
  });
}

/// Where nobody can go on: whether a mutex has a holder.
bool Replay::is_never_given_back(Location mutex) const {
  const auto locks = graph().writes_to(mutex);
  return !locks.empty() && !has_ended(locks.back());
}

/// What comes later in coherence may be what rounds have written and not changed.
bool Replay::reads_newest(EventId read) const {
  const Event& event = graph().at(read);
  if (event.is_spurious) return false;
  if (sees_passing_change(event)) return false;
  const auto writes = graph().writes_to(event.location);
  const auto seen = graph().position(event.location, event.source) + 1;
  return std::all_of(writes.begin() + seen, writes.end(),
                     [this](EventId write) { return is_in_round(write); });
}

bool Replay::is_in_round(EventId event) const {
  const Thread& thread = threads_[event.thread];
  return thread.state == State::kSpinning && event.index >= thread.round_begin;
}

bool Replay::sees_passing_change(const Event& read) const {
  return std::any_of(threads_.begin(),
                     threads_.begin() + static_cast<std::ptrdiff_t>(thread_count_),
                     [&](const Thread& thread) {
                       return std::ranges::any_of(thread.passing, [&](const PassingChange& change) {
                         return sees(graph(), read, change);
                       });
                     });
}

/// Whether a thread has read, and does not wait with it, what another has changed in the failed try
/// of its wait and changed back. One that adds something as well does not look at what is there:
/// the user of `await` promises that.
bool Replay::any_round_is_observed() const {
  for (std::size_t thread = 0; thread < thread_count_; ++thread) {
    std::uint16_t index = 0;
    for (const Event& event : graph().thread(thread)) {
      const EventId id{static_cast<std::uint8_t>(thread), index++};
      const bool adds = event.kind == EventKind::kExclusiveRead &&
                        event.action == Action::kFetchAdd && event.operand != 0;
      if (event.reads() && !adds && !is_in_round(id) && sees_passing_change(event)) return true;
    }
  }
  return false;
}

/// Whether a thread whose wait ends with that read goes on in nothing that may follow: the read is
/// not the first choice, and what a revisit takes away must be. Of a read-modify-write others may
/// have read; what a revisit that keeps it leads to is found without the wait as well.
bool Replay::is_hopeless(EventId read) const {
  const Event& event = graph().at(read);
  if (event.is_spurious) return true;
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
  if (runs_alone_) return;
  ++running().acts;
  running().rounds.forget();
}

/// Comes back unless the thread would do the same again and again. Of a thread that is guided and
/// reads, what the guide has beyond says that it does not wait yet.
void Replay::come_to(const Event& operation) {
  Thread& me = running();
  if (is_at_frontier()) {
    const auto begin = me.rounds.begin_of_round(operation);
    if (begin && (*begin == me.passed || !is_guided())) spin(*begin);
  }
  {
    const CheckerScope quiet;
    me.rounds.reach(operation, me.passed);
  }
  // Whoever asks next must say anew what it knows.
  local_state().stack = nullptr;
}

/// Leaves the thread, which waits: it would do nothing but repeat its events from there on.
void Replay::spin(std::size_t round_begin) {
  Thread& me = running();
  me.state = State::kSpinning;
  me.round_begin = round_begin;
  const std::vector<Event>& events = graph().thread(running_);
  {
    const CheckerScope quiet;
    for (std::size_t index = round_begin; index < events.size(); ++index) {
      const Event& event = events[index];
      me.waits_by_choice |= event.is_other_choice() && !event.is_failed_try();
      if (!event.reads() && !event.is_failed_try()) continue;
      me.repeated.push_back(
          {static_cast<std::uint8_t>(running_), static_cast<std::uint16_t>(index)});
    }
  }
  // Whether somebody observes what has been changed back is seen in the end only.
  if (me.passing.empty() && round_begin < events.size()) {
    const Event& last = events.back();
    const bool ends_with_choice = last.is_other_choice() && !last.is_failed_try();
    const auto last_read =
        std::find_if(me.repeated.rbegin(), me.repeated.rend(),
                     [&](EventId repeated) { return events[repeated.index].reads(); });
    if (ends_with_choice || (last_read != me.repeated.rend() && is_hopeless(*last_read))) {
      end(End::kHopeless);
    }
  }
  if (is_guided()) chosen_ = choose_thread();
  leave_fiber();
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
  const bool locks = is_lock(operation.action);
  if (!locks) come_to(operation);
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
  const bool changes = has_written && value_to_write(event) != event.value;
  if (locks) {
    running().rounds.lock(operation.location);
  } else if (changes || event.is_spurious) {
    running().rounds.forget();
  }
  pass(has_written ? 2 : 1);
  return outcome;
}

void Replay::write(const Event& operation) {
  running().rounds.forget();
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
  if (is_at_frontier()) {
    take_turn();
    const CheckerScope quiet;
    explorer_->add(running_, operation);
  } else {
    check_same(graph().thread(running_)[running().passed], operation);
  }
  pass(1);
}

std::size_t Replay::choose(const Event& operation) {
  come_to(operation);
  if (is_at_frontier()) {
    take_turn();
    Event choice = operation;
    if (guide_ != nullptr) choice.value = engine().decide_value(operation.operand);
    const CheckerScope quiet;
    if (guide_ != nullptr) {
      explorer_->add(running_, choice);
    } else {
      explorer_->add_choice(running_, choice);
    }
  } else {
    check_same(graph().thread(running_)[running().passed], operation);
  }
  pass(1);
  return graph().thread(running_)[running().passed - 1].value;
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
  running().rounds.unlock(operation.location);
  if (is_at_frontier()) {
    take_turn();
    const auto& events = graph().thread(running_);
    std::size_t lock = events.size() - 1;
    while (events[lock].kind != EventKind::kExclusiveWrite || !is_lock(events[lock].action) ||
           events[lock].location != operation.location) {
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

void Replay::pause(const Event& operation) {
  come_to(operation);
}

void Replay::fail_try(const Try& begun) {
  const bool has_acted = running().acts != begun.acts;
  if (!is_at_frontier() || is_guided() || has_acted) return;
  {
    const CheckerScope quiet;
    auto changes = passing_changes(graph(), running_, begun.events);
    if (!changes) return;
    running().passing = std::move(*changes);
  }
  spin(begun.events);
}

}  // namespace slabproof::model::graph
