#ifndef SLABPROOF_FUZZ_SLAB_REFUSABLE_BACKING_H_
#define SLABPROOF_FUZZ_SLAB_REFUSABLE_BACKING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "slabproof/backing.h"
#include "slabproof/layout.h"

namespace slabproof::fuzz {

/// What the backings of this process did. A slab makes its backings itself, so this is one object
/// for the process; for one thread, and set to `{}` before each input.
struct BackingTally {
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
  std::uint64_t mapped = 0;     ///< regions that exist now
  std::uint64_t discarded = 0;  ///< bytes that `discard` gave back
  bool refuse_next = false;     ///< the next request, of whatever kind, fails
};

inline BackingTally backing_tally;

/// `Inner`, with what `backing_tally` wants refused refused, and counted.
template <MovableBacking Inner>
class RefusableBacking {
 public:
  explicit RefusableBacking(Layout layout) noexcept {
    if (!std::exchange(backing_tally.refuse_next, false)) inner_.emplace(layout);
    if (*this) {
      ++backing_tally.granted;
      ++backing_tally.mapped;
    } else {
      ++backing_tally.refused;
    }
  }
  ~RefusableBacking() {
    if (*this) --backing_tally.mapped;
  }
  RefusableBacking(RefusableBacking&& other) noexcept = default;
  RefusableBacking& operator=(RefusableBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept {
    return inner_ && static_cast<bool>(*inner_);
  }
  [[nodiscard]] std::byte* data() const noexcept { return inner_ ? inner_->data() : nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return inner_ ? inner_->size() : 0; }
  std::size_t discard(std::size_t offset, std::size_t size) noexcept {
    const std::size_t bytes = inner_->discard(offset, size);
    backing_tally.discarded += bytes;
    return bytes;
  }
  [[nodiscard]] static int last_os_error() noexcept { return Inner::last_os_error(); }
  [[nodiscard]] static std::size_t granularity() noexcept { return Inner::granularity(); }

 private:
  std::optional<Inner> inner_;  // a moved-from optional holds a moved-from Inner, which tests false
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_REFUSABLE_BACKING_H_
