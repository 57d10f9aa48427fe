#ifndef SLABPROOF_MMAP_BACKING_H_
#define SLABPROOF_MMAP_BACKING_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "slabproof/backing.h"
#include "slabproof/layout.h"

namespace slabproof {

/// Anonymous private pages straight from the kernel: zeroed, rounded up to whole pages, aligned to
/// any power of two, unmapped on destruction. One region is one mapping, so the number of live
/// regions of a process is bounded by `vm.max_map_count` (65,530 unless set otherwise).
///
/// Thread safety: distinct objects are independent. `last_os_error` is per thread.
///
/// TRUSTED[kernel.mapping]: a mapping that the kernel grants is page-aligned, zeroed, overlaps no
/// other, and stays until it is unmapped. Shown by //tests/impl:backing_test.
///
/// TRUSTED[kernel.overcommit]: a page of a granted mapping can be had when it is first touched. A
/// kernel that overcommits may kill the process instead; no allocator in user space can turn that
/// into an error value (property S11 ends at the mapping).
///
/// TRUSTED[kernel.unmapping]: unmapping a region, or the slack around an aligned one, succeeds. It
/// can fail only where it splits a mapping and the process is at `vm.max_map_count`; address space
/// is lost then, and no block.
///
/// TRUSTED[kernel.discard]: pages given back by `MADV_DONTNEED` are zero at their next use, and
/// their addresses stay reserved. Shown by //tests/impl:backing_test.
class MmapBacking {
 public:
  explicit MmapBacking(Layout layout) noexcept {
    const std::size_t page = granularity();
    const auto pages = Layout::make(layout.size(), page);
    if (!pages) {
      error_slot() = ENOMEM;
      return;
    }
    map(pages->padded_size(), layout.alignment());
  }
  ~MmapBacking() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  MmapBacking(MmapBacking&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MmapBacking& operator=(MmapBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Gives the whole pages inside the range back to the kernel; their next use finds zeros.
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    const std::size_t page = granularity();
    const std::size_t first = (offset + page - 1) & ~(page - 1);
    const std::size_t last = (offset + size) & ~(page - 1);
    if (first >= last) return 0;
    if (::madvise(data_ + first, last - first, MADV_DONTNEED) != 0) {
      error_slot() = errno;
      return 0;
    }
    return last - first;
  }

  [[nodiscard]] static int last_os_error() noexcept { return error_slot(); }
  [[nodiscard]] static std::size_t granularity() noexcept {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return page;
  }

 private:
  static int& error_slot() noexcept {
    thread_local int error = 0;
    return error;
  }

  static std::byte* map_pages(std::size_t size) noexcept {
    void* const pages =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
      error_slot() = errno;
      return nullptr;
    }
    return static_cast<std::byte*>(pages);
  }

  static bool is_aligned(const std::byte* address, std::size_t alignment) noexcept {
    return (reinterpret_cast<std::uintptr_t>(address) & (alignment - 1)) == 0;
  }

  void map(std::size_t size, std::size_t alignment) noexcept {
    // The kernel places a new mapping below the previous one, so the plain attempt is aligned
    // whenever the previous region had the same size and alignment.
    std::byte* const plain = map_pages(size);
    if (plain == nullptr) return;
    if (is_aligned(plain, alignment)) {
      data_ = plain;
      size_ = size;
      return;
    }
    ::munmap(plain, size);
    map_with_slack(size, alignment);
  }

  void map_with_slack(std::size_t size, std::size_t alignment) noexcept {
    // The sum cannot overflow: a valid `Layout` has room for its alignment less a byte behind its
    // size, and rounding that size up to pages takes no more than the page that is subtracted here.
    const std::size_t slack = alignment - granularity();
    std::byte* const start = map_pages(size + slack);
    if (start == nullptr) return;
    const std::size_t misfit = reinterpret_cast<std::uintptr_t>(start) & (alignment - 1);
    const std::size_t head = misfit == 0 ? 0 : alignment - misfit;
    if (head != 0) ::munmap(start, head);
    if (slack != head) ::munmap(start + head + size, slack - head);
    data_ = start + head;
    size_ = size;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(MovableBacking<MmapBacking>);

}  // namespace slabproof

#endif  // SLABPROOF_MMAP_BACKING_H_
