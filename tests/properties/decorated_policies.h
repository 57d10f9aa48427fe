#ifndef SLABPROOF_TESTS_PROPERTIES_DECORATED_POLICIES_H_
#define SLABPROOF_TESTS_PROPERTIES_DECORATED_POLICIES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <utility>

#include "slabproof/backing.h"
#include "slabproof/layout.h"
#include "slabproof/std_sync.h"
#include "tests/properties/environment.h"

namespace slabproof::properties {

/// `StdSync` whose locks are counted, and whose timing is perturbed right before a lock is asked
/// for and right after it is dropped: there the races between critical sections are decided.
struct PerturbedSync : StdSync {
  class Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      Environment& mine = environment();
      mine.perturb();
      mutex_.lock(where);
      ++mine.lock_acquisitions;
      ++mine.locks_held;
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      Environment& mine = environment();
      --mine.locks_held;
      mutex_.unlock(where);
      mine.perturb();
    }

   private:
    StdSync::Mutex mutex_;
  };
};

static_assert(SyncPolicy<PerturbedSync>);

/// A backing that refuses what the environment of the calling thread says, and records the rest.
template <Backing Inner>
class ObservedBacking {
 public:
  explicit ObservedBacking(Layout layout) noexcept
      : is_segment_(layout.alignment() > kDirectoryAlignment) {
    Environment& mine = environment();
    mine.perturb();
    if (!mine.refuses(is_segment_)) inner_.emplace(layout);
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
  std::size_t discard(std::size_t offset, std::size_t size) noexcept {
    environment().record(event(BackingEvent::Kind::kDiscarded, size, 0));
    environment().perturb();
    return inner_->discard(offset, size);
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
  std::optional<Inner> inner_;
};

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_DECORATED_POLICIES_H_
