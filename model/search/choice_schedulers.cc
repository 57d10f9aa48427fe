#include "model/search/choice_schedulers.h"

#include <bit>

#include "model/search/engine.h"

namespace slabproof::model {
namespace {

/// The member of `set` that has `rank` smaller members.
std::size_t nth(ThreadSet set, std::size_t rank) noexcept {
  unsigned rest = set;
  while (rank-- != 0) rest &= rest - 1;
  return static_cast<std::size_t>(std::countr_zero(rest));
}

std::size_t size_of(ThreadSet set) noexcept {
  return static_cast<std::size_t>(std::popcount(set));
}

std::size_t go_on(const SchedulingPoint& at) noexcept {
  const bool can = at.current < kMaxThreads && contains(at.enabled, at.current);
  return can ? at.current : nth(at.enabled, 0);
}

[[noreturn]] void report_mismatch(const char* what) {
  abandon_execution(Defect::kReplayMismatch, what);
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
std::size_t RandomScheduler::below(std::size_t limit) noexcept {
  std::uint64_t bits = state_ += 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return static_cast<std::size_t>((bits ^ bits >> 31) % limit);
}

std::size_t RandomScheduler::choose_thread(const SchedulingPoint& at) {
  return nth(at.enabled, below(size_of(at.enabled)));
}

std::size_t BytesScheduler::choose_thread(const SchedulingPoint& at) {
  const std::size_t count = size_of(at.enabled);
  if (count == 1 || next_ == bytes_.size()) return go_on(at);
  return nth(at.enabled, bytes_[next_++] % count);
}

std::size_t BytesScheduler::choose_value(std::size_t count) {
  return next_ == bytes_.size() ? 0 : bytes_[next_++] % count;
}

std::size_t ReplayScheduler::choose_thread(const SchedulingPoint& at) {
  if (mismatch_ != nullptr) report_mismatch(mismatch_);
  if (next_ == choices_.size()) return go_on(at);
  const Choice choice = choices_[next_++];
  if (choice.is_value()) return refuse("the schedule has a value where a thread is chosen", at);
  if (!contains(at.unfinished, choice.index())) {
    return refuse("the schedule runs a thread that has finished, or never was", at);
  }
  return choice.index();
}

/// The first thread is chosen before any of them runs, so an execution can be abandoned from the
/// second choice on only.
std::size_t ReplayScheduler::refuse(const char* what, const SchedulingPoint& at) {
  if (next_ > 1) report_mismatch(what);
  mismatch_ = what;
  return go_on(at);
}

std::size_t ReplayScheduler::choose_value(std::size_t count) {
  if (next_ == choices_.size()) return 0;
  const Choice choice = choices_[next_++];
  if (!choice.is_value()) report_mismatch("the schedule has a thread where a value is chosen");
  if (choice.index() >= count) report_mismatch("the schedule has a value that cannot be");
  return choice.index();
}

std::size_t AdaptingScheduler::choose_thread(const SchedulingPoint& at) {
  while (has_more()) {
    const Choice choice = choices_[next_++];
    if (!choice.is_value() && contains(at.enabled, choice.index())) return choice.index();
  }
  return go_on(at);
}

std::size_t AdaptingScheduler::choose_value(std::size_t count) {
  if (!has_more() || !choices_[next_].is_value()) return 0;
  const std::size_t value = choices_[next_++].index();
  return value < count ? value : 0;
}

}  // namespace slabproof::model
