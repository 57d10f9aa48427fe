#ifndef SLABPROOF_TESTS_SUPPORT_OBSERVED_POLICIES_H_
#define SLABPROOF_TESTS_SUPPORT_OBSERVED_POLICIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>

#include "slabproof/backing.h"
#include "slabproof/config.h"
#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "slabproof/misuse.h"
#include "slabproof/recheck.h"
#include "slabproof/std_sync.h"
#include "tests/support/environment.h"

namespace slabproof::testing {

/// `StdSync` whose locks and pauses are counted, and whose timing is perturbed right before a lock
/// is asked for and right after it is dropped: there the races between critical sections are
/// decided.
struct ObservedSync : StdSync {
  class Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      environment().perturb();
      mutex_.lock(where);
      ++lock_counts.acquisitions;
      ++lock_counts.held;
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      --lock_counts.held;
      mutex_.unlock(where);
      environment().perturb();
    }

   private:
    StdSync::Mutex mutex_;
  };

  static void pause(std::source_location where = std::source_location::current()) noexcept {
    Environment& mine = environment();
    ++mine.pauses;
    if (mine.during_pause) mine.during_pause();
    StdSync::pause(where);
  }
};

static_assert(SyncPolicy<ObservedSync>);

/// A backing that refuses what the environment of the calling thread says, and records the rest.
template <Backing Inner>
class ObservedBacking {
 public:
  explicit ObservedBacking(Layout layout) noexcept
      : is_segment_(layout.alignment() > kDirectoryAlignment) {
    Environment& mine = environment();
    mine.perturb();
    const bool refused = mine.refuses(is_segment_);
    // A copy, since the action may replace itself.
    if (const auto action = mine.during_request) action();
    if (!refused) inner_.emplace(layout);
    const bool granted = static_cast<bool>(*this);
    if (granted) add_regions_held(1);
    mine.record(event(granted ? BackingEvent::Kind::kGranted : BackingEvent::Kind::kRefused,
                      layout.size(), layout.alignment()));
    mine.perturb();
  }
  ~ObservedBacking() {
    if (!*this) return;
    add_regions_held(-1);
    environment().record(event(BackingEvent::Kind::kReleased, size(), 0));
  }
  ObservedBacking(ObservedBacking&&) noexcept
    requires MovableBacking<Inner>
  = default;
  ObservedBacking& operator=(ObservedBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept {
    return inner_.has_value() && static_cast<bool>(*inner_);
  }
  [[nodiscard]] std::byte* data() const noexcept { return *this ? inner_->data() : nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return *this ? inner_->size() : 0; }
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    Environment& mine = environment();
    mine.record(event(BackingEvent::Kind::kDiscarded, size, 0));
    if (const auto action = mine.during_discard) action();
    mine.perturb();
    const std::size_t bytes = inner_->discard(offset, size);
    mine.discarded_bytes += bytes;
    return bytes;
  }

  [[nodiscard]] static int last_os_error() noexcept { return Inner::last_os_error(); }
  [[nodiscard]] static std::size_t granularity() noexcept { return Inner::granularity(); }

 private:
  /// The alignment of a directory region. A segment is aligned to its size, which is larger.
  static constexpr std::size_t kDirectoryAlignment = 64;

  [[nodiscard]] BackingEvent event(BackingEvent::Kind kind, std::size_t size,
                                   std::size_t alignment) const noexcept {
    return {.kind = kind,
            .is_segment = is_segment_,
            .base = reinterpret_cast<std::uintptr_t>(data()),
            .size = size,
            .alignment = alignment};
  }

  bool is_segment_;
  std::optional<Inner> inner_;  // a moved-from optional holds a moved-from Inner, which tests false
};

/// Heap memory whose `discard` wipes the range, as pages that are given back lose what they held.
class WipingHeap : public HeapBacking {
 public:
  using HeapBacking::HeapBacking;
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    std::fill_n(data() + offset, size, std::byte{0});
    return size;
  }
};

static_assert(MovableBacking<ObservedBacking<WipingHeap>>);

/// The same of a backing that gives single pages of so many bytes back.
template <std::size_t kPage>
struct ObservedPages : ObservedBacking<WipingHeap> {
  static constexpr std::size_t page_size = kPage;
  using ObservedBacking::ObservedBacking;
};

/// Says to the environment which bad pointer the slab reported.
struct ObservedMisuse {
  static void report(MisuseKind kind, const void* pointer, const void* /*slab*/) noexcept {
    Environment& mine = environment();
    ++mine.misuse_reports[static_cast<std::size_t>(kind)];
    mine.last_misused = pointer;
  }
};

/// A slab of which everything is seen: locks, requests to the backing, misuse.
template <Recheck kRecheck = Recheck::kAllSegments, Backing Memory = WipingHeap,
          class ProtectionPolicy = DefaultConfig::Protection>
struct ObservedConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Backing = ObservedBacking<Memory>;
  using Protection = ProtectionPolicy;
  using Misuse = ObservedMisuse;
  static constexpr Recheck recheck = kRecheck;
  // Each segment has a region of its own, so that requests tell of segments.
  static constexpr std::uint32_t reserve_share = 0;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_OBSERVED_POLICIES_H_
