#ifndef SLABPROOF_INLINE_BACKING_H_
#define SLABPROOF_INLINE_BACKING_H_

#include <cstddef>

#include "slabproof/backing.h"
#include "slabproof/layout.h"

namespace slabproof {

/// `Bytes` bytes inside the object itself: no kernel, no heap. For a `Slab` of fixed capacity on
/// the stack or in static storage. It cannot move, so it cannot back a growable slab. A request
/// that does not fit is refused.
template <std::size_t Bytes, std::size_t Alignment = 64>
class InlineBacking {
 public:
  /// Obtains a region of that size and alignment; where it cannot, it is empty, and `last_os_error`
  /// says why.
  explicit InlineBacking(Layout layout) noexcept
      : size_(layout.size() <= Bytes && layout.alignment() <= Alignment ? Bytes : 0) {}
  InlineBacking(const InlineBacking&) = delete;
  InlineBacking& operator=(const InlineBacking&) = delete;

  /// Whether there is a region.
  [[nodiscard]] explicit operator bool() const noexcept { return size_ != 0; }
  /// The first byte of the region.
  [[nodiscard]] std::byte* data() const noexcept { return size_ == 0 ? nullptr : storage_; }
  /// Bytes of the region.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Gives nothing back: the result is 0.
  std::size_t discard(std::size_t /*offset*/, std::size_t /*size*/) const noexcept { return 0; }

  /// Always 0: a refusal here is not an error of the operating system.
  [[nodiscard]] static int last_os_error() noexcept { return 0; }
  /// Regions are of a multiple of so many bytes.
  [[nodiscard]] static std::size_t granularity() noexcept { return 1; }

 private:
  std::size_t size_;
  // The region is the slab's to write even where the backing itself is only observed.
  alignas(Alignment) mutable std::byte storage_[Bytes];
};

static_assert(Backing<InlineBacking<64>> && !MovableBacking<InlineBacking<64>>);

}  // namespace slabproof

#endif  // SLABPROOF_INLINE_BACKING_H_
