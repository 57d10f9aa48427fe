#include "model/search/dpor_scheduler.h"

#include <bit>

namespace slabproof::model {
namespace {

std::size_t lowest(ThreadSet set) noexcept {
  return static_cast<std::size_t>(std::countr_zero(set));
}

/// The thread that is running if it may go on, which spares a change of fibers.
std::size_t preferred(ThreadSet set, std::size_t current) noexcept {
  return current < kMaxThreads && contains(set, current) ? current : lowest(set);
}

[[noreturn]] void report_nondeterminism() {
  Engine::instance().abandon_as_not_the_same();
}

}  // namespace

DporScheduler::DporScheduler(std::span<const std::uint8_t> symmetry_class, const Part& part)
    : part_(part),
      frozen_(part.prefix.begin(), part.prefix.end()),
      objects_((kMaxThreads + 1) * Engine::kObjectsPerActor) {
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
    predecessor_[thread] = static_cast<std::uint8_t>(thread);
    if (thread >= symmetry_class.size()) continue;
    for (std::size_t other = 0; other < thread; ++other) {
      if (symmetry_class[other] == symmetry_class[thread]) {
        predecessor_[thread] = static_cast<std::uint8_t>(other);
      }
    }
  }
}

void DporScheduler::begin() {
  ++execution_;
  depth_ = 0;
  redundant_ = false;
  moved_ = 0;
  anyone_yielded_ = false;
  last_fence_ = kNoStep;
  clock_ = {};
  yield_clock_ = {};
  first_step_.fill(kNoStep);
  last_step_.fill(kNoStep);
  last_yield_.fill(kNoStep);
}

std::size_t DporScheduler::choose_thread(const SchedulingPoint& at) {
  if (redundant_) return preferred(at.enabled, at.current);
  if (depth_ == stack_.size()) {
    const ThreadSet enabled = startable(at.enabled);
    const ThreadSet sleep = inherited_sleep();
    const ThreadSet awake = without(enabled, sleep);
    if (awake == 0) {
      redundant_ = true;
      return preferred(at.enabled, at.current);
    }
    push_thread_choice(at, enabled, sleep);
  }
  const std::size_t index = depth_++;
  Node& node = stack_[index];
  if (node.is_value() || !contains(at.enabled, node.chosen) ||
      node.pending[node.chosen].kind != at.pending[node.chosen].kind) {
    report_nondeterminism();
  }
  take_step(node, static_cast<Index>(index), at);
  return node.chosen;
}

void DporScheduler::push_thread_choice(const SchedulingPoint& at, ThreadSet enabled,
                                       ThreadSet sleep) {
  const std::size_t index = stack_.size();
  const ThreadSet awake = without(enabled, sleep);
  Node& node = stack_.emplace_back();
  node.pending = at.pending;
  node.enabled = enabled;
  node.done = 0;
  node.sleep = sleep;
  node.values = 0;
  if (index < frozen_.size()) {
    const std::size_t chosen = frozen_[index].index();
    if (frozen_[index].is_value() || !contains(awake, chosen)) report_nondeterminism();
    node.chosen = static_cast<std::uint8_t>(chosen);
    node.done = static_cast<ThreadSet>(awake & (just(chosen) - 1U));  // by parts before this one
    node.backtrack = awake;
  } else if (part_.mode == Part::Mode::kList && index < part_.split_depth) {
    node.chosen = static_cast<std::uint8_t>(lowest(awake));
    node.backtrack = awake;
  } else {
    node.chosen = static_cast<std::uint8_t>(preferred(awake, at.current));
    node.backtrack = just(node.chosen);
  }
}

/// Whether what is left at a choice is another part's to explore.
bool DporScheduler::is_frozen(std::size_t index) const noexcept {
  return part_.mode == Part::Mode::kList ? index >= part_.split_depth : index < frozen_.size();
}

std::optional<std::vector<Choice>> DporScheduler::prefix() const {
  if (redundant_ && stack_.size() < part_.split_depth) return std::nullopt;
  std::vector<Choice> choices;
  for (const Node& node : stack_) {
    if (choices.size() == part_.split_depth) break;
    choices.push_back(node.is_value() ? Choice::value(node.chosen) : Choice::thread(node.chosen));
  }
  return choices;
}

std::size_t DporScheduler::choose_value(std::size_t count) {
  if (redundant_) return 0;
  if (depth_ == stack_.size()) {
    const bool frozen = depth_ < frozen_.size();
    if (frozen && (!frozen_[depth_].is_value() || frozen_[depth_].index() >= count)) {
      report_nondeterminism();
    }
    Node& node = stack_.emplace_back();
    node.chosen = frozen ? static_cast<std::uint8_t>(frozen_[depth_].index()) : std::uint8_t{0};
    node.values = static_cast<std::uint8_t>(count);
  }
  const Node& node = stack_[depth_++];
  if (node.values != count) report_nondeterminism();
  return node.chosen;
}

/// Kept as a choice that has one alternative: under the same choices the answer stays the same,
/// whatever bytes without a meaning lie on the stack of the thread by then.
bool DporScheduler::settle_repetition(bool seems) {
  if (redundant_) return seems;
  if (depth_ == stack_.size()) {
    const bool frozen = depth_ < frozen_.size();
    if (frozen && !frozen_[depth_].is_value()) report_nondeterminism();
    Node& node = stack_.emplace_back();
    node.chosen = static_cast<std::uint8_t>(frozen ? frozen_[depth_].index() : seems);
    node.values = static_cast<std::uint8_t>(node.chosen + 1U);
  }
  const Node& node = stack_[depth_++];
  if (!node.is_value()) report_nondeterminism();
  return node.chosen != 0;
}

bool DporScheduler::advance() {
  for (std::size_t size = stack_.size(); size != 0; --size) {
    if (is_frozen(size - 1)) continue;
    Node& node = stack_[size - 1];
    if (node.is_value()) {
      if (node.chosen + 1U == node.values) continue;
      ++node.chosen;
    } else {
      node.done |= just(node.chosen);
      const ThreadSet left = without(node.backtrack, node.done | node.sleep);
      if (left == 0) continue;
      node.chosen = static_cast<std::uint8_t>(lowest(left));
    }
    stack_.resize(size);
    unchanged_ = size - 1;
    return true;
  }
  return false;
}

ThreadSet DporScheduler::inherited_sleep() const noexcept {
  for (std::size_t i = stack_.size(); i != 0; --i) {
    const Node& node = stack_[i - 1];
    if (node.is_value()) continue;
    ThreadSet asleep = 0;
    const ThreadSet candidates = without(node.sleep | node.done, just(node.chosen));
    for (unsigned rest = candidates; rest != 0; rest &= rest - 1) {
      const std::size_t thread = lowest(static_cast<ThreadSet>(rest));
      if (!dependent(node.pending[thread], node.pending[node.chosen])) asleep |= just(thread);
    }
    return asleep;
  }
  return 0;
}

ThreadSet DporScheduler::startable(ThreadSet enabled) const noexcept {
  ThreadSet result = enabled;
  for (unsigned rest = without(enabled, moved_); rest != 0; rest &= rest - 1) {
    const std::size_t thread = lowest(static_cast<ThreadSet>(rest));
    const std::size_t before = predecessor_[thread];
    if (before != thread && !contains(moved_, before)) result = without(result, just(thread));
  }
  return result != 0 ? result : enabled;
}

DporScheduler::ObjectSteps& DporScheduler::steps_on(std::uint16_t object) noexcept {
  ObjectSteps& steps = objects_[object];
  if (steps.execution != execution_) {
    steps.execution = execution_;
    steps.last_write = kNoStep;
    steps.last_unlock = kNoStep;
    steps.last_read.fill(kNoStep);
  }
  return steps;
}

void DporScheduler::take_step(Node& node, Index index, const SchedulingPoint& at) {
  const std::size_t thread = node.chosen;
  const Operation next = node.pending[thread];
  if (static_cast<std::size_t>(index) < unchanged_) {
    clock_[thread] = node.clock;  // its races were found when it was new
  } else {
    join_enabling_steps(thread);
    find_races(thread, next, index);
    join_dependencies(thread, next);
    ++clock_[thread][thread];
    node.clock = clock_[thread];
  }
  remember_step(thread, next, index, at);
}

void DporScheduler::join(std::size_t thread, Index early) noexcept {
  if (early == kNoStep) return;
  const Clock& other = stack_[static_cast<std::size_t>(early)].clock;
  Clock& mine = clock_[thread];
  for (std::size_t i = 0; i < kMaxThreads; ++i) {
    mine[i] = mine[i] < other[i] ? other[i] : mine[i];
  }
}

void DporScheduler::join_enabling_steps(std::size_t thread) noexcept {
  if (!contains(moved_, thread) && predecessor_[thread] != thread) {
    join(thread, first_step_[predecessor_[thread]]);
  }
  if (!anyone_yielded_) return;
  Clock& mine = clock_[thread];
  for (std::size_t i = 0; i < kMaxThreads; ++i) {
    mine[i] = mine[i] < yield_clock_[thread][i] ? yield_clock_[thread][i] : mine[i];
  }
  yield_clock_[thread] = {};
}

DporScheduler::Candidates DporScheduler::dependent_steps(std::size_t thread,
                                                         Operation next) noexcept {
  using enum OperationKind;
  Candidates found;
  if (next.kind == kNone || next.kind == kPause) return found;
  if (anyone_yielded_ || next.kind == kYield) {
    for (std::size_t other = 0; other < kMaxThreads; ++other) {
      if (other == thread) continue;
      found.add(next.kind == kYield ? last_step_[other] : last_yield_[other]);
    }
  }
  if (next.kind == kYield) return found;
  if (next.kind == kSeqCstFence) {
    found.add(last_fence_);
    return found;
  }
  // An unlock races with nothing: the last lock of its mutex is by the same thread.
  const ObjectSteps& steps = steps_on(next.object);
  found.add(steps.last_write);
  if (next.kind == kWrite) {
    for (const Index read : steps.last_read) found.add(read);
  }
  return found;
}

/// A race is a step that the next one depends on, that does not happen before it in any other way.
void DporScheduler::find_races(std::size_t thread, Operation next, Index end) {
  const Candidates candidates = dependent_steps(thread, next);
  for (std::size_t i = 0; i < candidates.count; ++i) {
    const Index early = candidates.index[i];
    const Node& step = stack_[static_cast<std::size_t>(early)];
    if (step.chosen == thread || happens_before(early, clock_[thread])) continue;
    bool direct = true;
    for (std::size_t k = 0; k < candidates.count && direct; ++k) {
      const Node& between = stack_[static_cast<std::size_t>(candidates.index[k])];
      direct = k == i || candidates.index[k] == early || !happens_before(early, between.clock);
    }
    if (direct) reverse(early, thread, next, end);
  }
}

/// Makes sure that the other order of a race is explored: of the sequence "all steps since `early`
/// that do not come after it, then `next`", some thread that can begin it must be explored at
/// `early`. The steps since are those up to `end`.
void DporScheduler::reverse(Index early, std::size_t thread, Operation next, Index end) {
  std::array<Time, kMaxThreads> first{};  // time of the first step in the sequence, or 0
  ThreadSet present = 0;
  ThreadSet initial = 0;
  bool next_is_initial = true;
  const auto comes_after_sequence = [&](const Clock& clock) {
    for (unsigned rest = present; rest != 0; rest &= rest - 1) {
      const std::size_t other = lowest(static_cast<ThreadSet>(rest));
      if (clock[other] >= first[other]) return true;
    }
    return false;
  };
  for (Index i = early + 1; i < end; ++i) {
    const Node& step = stack_[static_cast<std::size_t>(i)];
    if (step.is_value() || happens_before(early, step.clock)) continue;
    if (dependent(step.pending[step.chosen], next)) next_is_initial = false;
    if (contains(present, step.chosen)) continue;
    if (!comes_after_sequence(step.clock)) initial |= just(step.chosen);
    first[step.chosen] = step.clock[step.chosen];
    present |= just(step.chosen);
  }
  if (!contains(present, thread) && next_is_initial && !comes_after_sequence(clock_[thread])) {
    initial |= just(thread);
  }
  Node& node = stack_[static_cast<std::size_t>(early)];
  initial &= node.enabled;
  if (initial == 0) {
    node.backtrack |= node.enabled;
  } else if ((initial & (node.backtrack | node.sleep)) == 0) {
    node.backtrack |= just(lowest(initial));
  }
}

void DporScheduler::join_dependencies(std::size_t thread, Operation next) noexcept {
  using enum OperationKind;
  const Candidates candidates = dependent_steps(thread, next);
  for (std::size_t i = 0; i < candidates.count; ++i) join(thread, candidates.index[i]);
  if (next.kind == kLock) join(thread, steps_on(next.object).last_unlock);
}

void DporScheduler::remember_step(std::size_t thread, Operation done, Index index,
                                  const SchedulingPoint& at) noexcept {
  using enum OperationKind;
  if (!contains(moved_, thread)) first_step_[thread] = index;
  moved_ |= just(thread);
  last_step_[thread] = index;
  switch (done.kind) {
    case kRead:
      steps_on(done.object).last_read[thread] = index;
      break;
    case kLock:
    case kWrite: {
      ObjectSteps& steps = steps_on(done.object);
      steps.last_write = index;
      steps.last_read.fill(kNoStep);
      break;
    }
    case kSeqCstFence:
      last_fence_ = index;
      break;
    case kYield:
      last_yield_[thread] = index;
      anyone_yielded_ = true;
      break;
    case kNone:
    case kPause:
    case kUnlock:
      break;
  }
  if (!anyone_yielded_) return;
  for (std::size_t waiting = 0; waiting < kMaxThreads; ++waiting) {
    if (!contains(at.waits_for[waiting], thread)) continue;
    for (std::size_t i = 0; i < kMaxThreads; ++i) {
      Time& time = yield_clock_[waiting][i];
      time = time < clock_[thread][i] ? clock_[thread][i] : time;
    }
  }
}

void DporScheduler::released(std::uint16_t mutex) {
  // The step that runs now. In a redundant rest there are not steps, and no races to find.
  if (redundant_ || depth_ == 0) return;
  std::size_t index = depth_ - 1;
  while (stack_[index].is_value()) --index;
  steps_on(mutex).last_unlock = static_cast<Index>(index);
}

/// A failure ends the execution, so it matters to every step without an order with it. Nor are the
/// accesses to a plain variable steps: of two that race, only the second one fails.
void DporScheduler::failed(std::size_t thread) {
  if (redundant_ || last_step_[thread] == kNoStep) return;
  const Index index = last_step_[thread];
  const Operation done = stack_[static_cast<std::size_t>(index)].pending[thread];
  for (Index early = 0; early < index; ++early) {
    const Node& step = stack_[static_cast<std::size_t>(early)];
    if (step.is_value() || step.chosen == thread || happens_before(early, clock_[thread])) continue;
    reverse(early, thread, done, index);
  }
}

void DporScheduler::cut_short(const SchedulingPoint& at) {
  if (redundant_) return;
  for (unsigned rest = at.unfinished; rest != 0; rest &= rest - 1) {
    const std::size_t thread = lowest(static_cast<ThreadSet>(rest));
    find_races(thread, at.pending[thread], static_cast<Index>(depth_));
  }
}

}  // namespace slabproof::model
