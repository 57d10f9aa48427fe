#ifndef SLABPROOF_HEAP_BACKING_H_
#define SLABPROOF_HEAP_BACKING_H_

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "slabproof/backing.h"
#include "slabproof/layout.h"

namespace slabproof {

/// A region from the C heap, uninitialised. For platforms without pages, and for tools that watch
/// the heap. `discard` gives nothing back.
class HeapBacking {
 public:
  /// Obtains a region of that size and alignment; where it cannot, it is empty, and `last_os_error`
  /// says why.
  explicit HeapBacking(Layout layout) noexcept {
    const std::size_t alignment =
        layout.alignment() < granularity() ? granularity() : layout.alignment();
    const auto padded = Layout::make(layout.size(), alignment);
    if (padded) {
      data_ = static_cast<std::byte*>(std::aligned_alloc(alignment, padded->padded_size()));
    }
    if (data_ == nullptr) {
      errno = ENOMEM;
      return;
    }
    size_ = layout.size();
  }
  ~HeapBacking() { std::free(data_); }
  /// Takes the region over, which does not move.
  HeapBacking(HeapBacking&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HeapBacking& operator=(HeapBacking&&) = delete;

  /// Whether there is a region.
  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }
  /// The first byte of the region.
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  /// Bytes of the region.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Gives nothing back: the result is 0.
  std::size_t discard(std::size_t /*offset*/, std::size_t /*size*/) const noexcept { return 0; }

  /// Why the last region could not be had, as an `errno` value.
  [[nodiscard]] static int last_os_error() noexcept { return errno; }
  /// Regions are of a multiple of so many bytes.
  [[nodiscard]] static std::size_t granularity() noexcept { return alignof(std::max_align_t); }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(MovableBacking<HeapBacking>);

}  // namespace slabproof

#endif  // SLABPROOF_HEAP_BACKING_H_
