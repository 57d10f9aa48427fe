#include "model/states/shared_states.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>

namespace slabproof::model {
namespace {

using std::memory_order;

/// Of the first level; each further one has twice as many.
constexpr std::size_t kFirstSlots = std::size_t{1} << 14;
/// Slots of one level in which a state may be.
constexpr std::size_t kWindow = 16;

}  // namespace

SharedStates::SharedStates(std::size_t memory_limit) {
  std::size_t slots = 0;
  for (; most_levels_ < kLevels; ++most_levels_) {
    const std::size_t more = kFirstSlots << most_levels_;
    if ((slots + more) * sizeof(Slot) > memory_limit) break;
    slots += more;
  }
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kControlBytes = (sizeof(Control) + kPage - 1) / kPage * kPage;
  bytes_ = kControlBytes + slots * sizeof(Slot);
  void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "no shared memory for states");
  }
  control_ = ::new (memory) Control{};
  // Fresh pages are 0, which is what each slot begins with; to write that would cost all of them.
  slots_ = reinterpret_cast<Slot*>(static_cast<std::byte*>(memory) + kControlBytes);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  // The beginning of the program.
  control_->unfinished.store(1, memory_order::relaxed);
  control_->places[0].state.store(Place::kFull, memory_order::release);
}

SharedStates::~SharedStates() {
  ::munmap(control_, bytes_);
}

std::span<SharedStates::Slot> SharedStates::level(std::size_t number) const {
  const std::size_t before = (kFirstSlots << number) - kFirstSlots;
  return {slots_ + before, kFirstSlots << number};
}

SharedStates::Found SharedStates::add(const Fingerprint& state, std::uint32_t progress) {
  constexpr std::uint64_t kProgress = (std::uint64_t{1} << kProgressBits) - 1;
  const std::uint64_t high = state.high | 1;
  // Another bit is set, so that it is not 0.
  const std::uint64_t low = (state.low & ~kProgress) | std::uint64_t{1} << kProgressBits;
  for (std::size_t number = 0; number < most_levels_; ++number) {
    const std::span<Slot> slots = level(number);
    for (std::size_t i = 0; i < kWindow; ++i) {
      Slot& slot = slots[((state.high >> 1) + i) & (slots.size() - 1)];
      std::uint64_t found = slot.high.load(memory_order::acquire);
      if (found == 0 && slot.high.compare_exchange_strong(found, high, memory_order::acq_rel,
                                                          memory_order::acquire)) {
        slot.low.store(low | progress, memory_order::release);
        const auto used = static_cast<std::uint32_t>(number) + 1;
        if (control_->levels.load(memory_order::relaxed) < used) {
          control_->levels.store(used, memory_order::relaxed);
        }
        return Found::kNew;
      }
      if (found != high) continue;
      std::uint64_t rest = 0;
      while ((rest = slot.low.load(memory_order::acquire)) == 0) {
        if (is_stopped()) return Found::kKnown;
        ::sched_yield();
      }
      if ((rest & ~kProgress) != low) continue;
      return (rest & kProgress) == progress ? Found::kKnown : Found::kOtherProgress;
    }
  }
  return Found::kNoRoom;
}

std::size_t SharedStates::bytes() const {
  const std::uint32_t levels = control_->levels.load(memory_order::relaxed);
  return ((kFirstSlots << levels) - kFirstSlots) * sizeof(Slot);
}

bool SharedStates::begin_share(std::size_t share) {
  return !control_->began[share % kMostShares].exchange(true);
}

bool SharedStates::take_work(Work& work) {
  constexpr std::chrono::microseconds kPause(50);
  control_->waiting.fetch_add(1);
  bool has_work = false;
  while (!is_stopped() && control_->unfinished.load() != 0 && !(has_work = pick(work))) {
    std::this_thread::sleep_for(kPause);
  }
  control_->waiting.fetch_sub(1);
  return has_work;
}

bool SharedStates::pick(Work& work) {
  for (Place& place : control_->places) {
    std::uint32_t full = Place::kFull;
    if (!place.state.compare_exchange_strong(full, Place::kInUse, memory_order::acq_rel)) continue;
    work = place.work;
    place.state.store(Place::kEmpty, memory_order::release);
    return true;
  }
  return false;
}

void SharedStates::finish_work() {
  control_->unfinished.fetch_sub(1);
}

bool SharedStates::wants_work() const {
  return control_->waiting.load(memory_order::relaxed) != 0;
}

bool SharedStates::give_work(const Work& work) {
  for (Place& place : control_->places) {
    std::uint32_t empty = Place::kEmpty;
    if (!place.state.compare_exchange_strong(empty, Place::kInUse, memory_order::acq_rel)) {
      continue;
    }
    control_->unfinished.fetch_add(1);
    place.work = work;
    place.state.store(Place::kFull, memory_order::release);
    return true;
  }
  return false;
}

void SharedStates::stop() {
  control_->is_stopped.store(true);
}

bool SharedStates::is_stopped() const {
  return control_->is_stopped.load(memory_order::relaxed);
}

void SharedStates::leave_to_one() {
  control_->is_left_to_one.store(true);
  stop();
}

bool SharedStates::is_left_to_one() const {
  return control_->is_left_to_one.load();
}

bool SharedStates::is_the_one() {
  return !control_->has_one.exchange(true);
}

}  // namespace slabproof::model
