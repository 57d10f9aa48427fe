#ifndef SLABPROOF_MODEL_GRAPH_EVENT_H_
#define SLABPROOF_MODEL_GRAPH_EVENT_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "model/search/limits.h"

namespace slabproof::model::graph {

/// An atomic or a mutex of one program, counted from 0 in the order of first use.
using Location = std::uint16_t;
inline constexpr Location kNoLocation = 0xffff;

/// The most events of one thread that a clock can count.
inline constexpr std::size_t kMaxEventsPerThread = 0xfff0;

/// Names an event by its place in its thread, which stays the same however much of the graph around
/// it is taken away. The initial write of every location is not an event of a thread.
struct EventId {
  static constexpr std::uint8_t kNoThread = 0xff;

  std::uint8_t thread = kNoThread;
  std::uint16_t index = 0;

  [[nodiscard]] constexpr bool is_initial() const noexcept { return thread == kNoThread; }
  friend constexpr bool operator==(EventId, EventId) = default;
};
inline constexpr EventId kInitialWrite{};

/// A set of events that contains, with each event, all earlier ones of its thread: for each thread,
/// how many of its first events it has.
class Clock {
 public:
  [[nodiscard]] std::uint16_t operator[](std::size_t thread) const noexcept {
    return counts_[thread];
  }
  void set(std::size_t thread, std::size_t count) noexcept {
    counts_[thread] = static_cast<std::uint16_t>(count);
  }
  void join(const Clock& other) noexcept {
    counts_ = counts_ > other.counts_ ? counts_ : other.counts_;
  }
  /// The initial writes are in every such set.
  [[nodiscard]] bool contains(EventId event) const noexcept {
    return event.is_initial() || counts_[event.thread] > event.index;
  }

 private:
  static_assert(kMaxThreads == 8);
  using Counts [[gnu::vector_size(16)]] = std::uint16_t;
  Counts counts_{};
};

enum class EventKind : std::uint8_t {
  kRead,
  kExclusiveRead,  ///< of a read-modify-write that writes; its write is the next event
  kWrite,
  kExclusiveWrite,
  kFence,
  kAcquired,  ///< a thread that has queued for a mutex has it
  kUnlock,
  kChoice,      ///< of the values below `operand`, which nothing but the search decides
  kAllocation,  ///< of memory that is fresh or that a free, its source, has given back
  kFree,
};

/// What the program asked for: of a read that is revisited, it says what comes of another value.
enum class Action : std::uint8_t {
  kLoad,
  kStore,
  kFetchAdd,
  kFetchAnd,
  kFetchOr,
  kFetchXor,
  kExchange,
  kStrongCompareExchange,
  kWeakCompareExchange,
  kLock,
  kTryLock,  ///< that succeeds; of a choice: whether it fails
  kAllocate,
  kFree,
  kOther,
};

[[nodiscard]] constexpr bool is_lock(Action action) noexcept {
  return action == Action::kLock || action == Action::kTryLock;
}

[[nodiscard]] constexpr bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order::acquire || order == std::memory_order::acq_rel ||
         order == std::memory_order::seq_cst;
}
[[nodiscard]] constexpr bool releases(std::memory_order order) noexcept {
  return order == std::memory_order::release || order == std::memory_order::acq_rel ||
         order == std::memory_order::seq_cst;
}

/// An operation of a thread, or one half of a read-modify-write.
struct Event {
  EventKind kind = EventKind::kRead;
  Action action = Action::kOther;
  std::memory_order order = std::memory_order::relaxed;    ///< that it has
  std::memory_order success = std::memory_order::relaxed;  ///< of a read that does not fail
  std::memory_order failure = std::memory_order::relaxed;  ///< of a compare-exchange that fails
  Location location = kNoLocation;
  EventId source = {};         ///< of a read: what it reads from; of an allocation: the free
  bool is_spurious = false;    ///< a weak compare-exchange that fails though it could succeed
  bool has_revisited = false;  ///< a write that an older read was made to read from
  std::uint32_t stamp = 0;     ///< counts additions to the graph; kept when others are taken away
  /// Of the write of a lock: one more than the index of its unlock; 0 while there is none.
  std::uint16_t unlock = 0;
  // One more than the index of the last read, and of the last release fence, at or before this
  // event in its thread; 0 where there is none.
  std::uint16_t last_read = 0;
  std::uint16_t last_release_fence = 0;
  std::uint64_t value = 0;     ///< read or written; an address, or 0 for one that is fresh
  std::uint64_t operand = 0;   ///< what a read-modify-write adds or writes
  std::uint64_t expected = 0;  ///< of a compare-exchange
  std::source_location place;

  Clock happens_before;  ///< all that happens before it, and itself
  Clock causes;  ///< all that leads to it by program order, reads-from and locks; and itself
  /// Of a read: what an acquire fence after it synchronises with. Of a write: what an acquire read
  /// of it synchronises with. Of a release fence: what a later write by the thread releases.
  Clock message;

  [[nodiscard]] bool reads() const noexcept { return kind <= EventKind::kExclusiveRead; }
  [[nodiscard]] bool writes() const noexcept {
    return kind == EventKind::kWrite || kind == EventKind::kExclusiveWrite;
  }
  [[nodiscard]] bool is_failed_try() const noexcept {
    return is_other_choice() && action == Action::kTryLock;
  }
  /// Whether it is a choice that is not the first one.
  [[nodiscard]] bool is_other_choice() const noexcept {
    return kind == EventKind::kChoice && value != 0;
  }
  [[nodiscard]] bool is_access() const noexcept { return kind <= EventKind::kExclusiveWrite; }
  /// Whether `source` is what it reads or takes.
  [[nodiscard]] bool can_be_revisited() const noexcept {
    return reads() || kind == EventKind::kAllocation;
  }
  /// Whether it is one that sequential consistency orders, or a half of one.
  [[nodiscard]] bool is_seq_cst() const noexcept {
    return order == std::memory_order::seq_cst && kind <= EventKind::kFence;
  }
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_EVENT_H_
