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

/// What a `BasicMmapBacking` asks of the kernel beyond pages.
struct MmapOptions {
  /// Regions of a huge page or more are aligned to huge pages and made of them where the kernel
  /// has some. What a slab takes is a chunk: from the beginning if a segment is as large.
  bool huge_pages = false;
  /// All pages of a region are had at once: no access to a block waits for the kernel, and a page
  /// that cannot be had refuses the region. A kernel before Linux 5.14 leaves the pages to first
  /// use.
  bool prefault = false;
};

/// Anonymous private pages straight from the kernel: zeroed, rounded up to whole pages, aligned to
/// any power of two, unmapped on destruction. The kernel merges neighbouring regions into one
/// mapping where it can; in the worst case each is one, of which a process can have
/// `vm.max_map_count` (65,530 unless set otherwise).
///
/// Thread safety: distinct objects are independent, and so are calls of `discard` for distinct
/// pages. `last_os_error` is per thread.
///
/// TRUSTED[kernel.mapping]: a mapping that the kernel grants is page-aligned, zeroed, overlaps no
/// other, and stays until it is unmapped. Shown by //tests/impl:backing_test.
///
/// TRUSTED[kernel.overcommit]: a page of a granted mapping can be had when it is first touched. A
/// kernel that overcommits may kill the process instead; no allocator in user space can turn that
/// into an error value (property S11 ends at the mapping).
///
/// TRUSTED[kernel.unmapping]: unmapping a region, or the slack around an aligned one, can fail only
/// where it splits a mapping and the process is at `vm.max_map_count`. Its pages can be given back
/// by `MADV_DONTNEED` then: address space is lost, and neither memory nor a block. Shown by
/// //tests/impl:address_space_test.
///
/// TRUSTED[kernel.discard]: pages given back by `MADV_DONTNEED` are zero at their next use, and
/// their addresses stay reserved. Shown by //tests/impl:backing_test.
template <MmapOptions kOptions>
class BasicMmapBacking {
 public:
  /// The least that any system has: known when a static slab is made at compile time. Where pages
  /// are larger, `discard` gives whole ones of those back.
  static constexpr std::size_t page_size = 4096;

  /// Obtains a region of that size and alignment; where it cannot, it is empty, and `last_os_error`
  /// says why.
  explicit BasicMmapBacking(Layout layout) noexcept {
    const std::size_t page = granularity();
    const auto pages = Layout::make(layout.size(), page);
    if (!pages) {
      errno = ENOMEM;
      return;
    }
    std::size_t alignment = layout.alignment();
    const bool is_huge = kOptions.huge_pages && layout.size() >= kHugePage;
    if (is_huge && alignment < kHugePage) alignment = kHugePage;
    map(pages->padded_size(), alignment);
    if (data_ == nullptr) return;
    // A wish: without huge pages, small ones serve as well.
    if (is_huge) ::madvise(data_, size_, MADV_HUGEPAGE);
    if constexpr (kOptions.prefault) prefault();
  }
  ~BasicMmapBacking() {
    if (data_ != nullptr) unmap(data_, size_);
  }
  /// Takes the region over, which does not move.
  BasicMmapBacking(BasicMmapBacking&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  BasicMmapBacking& operator=(BasicMmapBacking&&) = delete;

  /// Whether there is a region.
  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }
  /// The first byte of the region.
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  /// Bytes of the region.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Gives the whole pages inside the range back to the kernel; their next use finds zeros.
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    const std::size_t page = granularity();
    const std::size_t first = (offset + page - 1) & ~(page - 1);
    const std::size_t last = (offset + size) & ~(page - 1);
    if (first >= last) return 0;
    if (::madvise(data_ + first, last - first, MADV_DONTNEED) != 0) return 0;
    return last - first;
  }

  /// Why the last region could not be had, as an `errno` value.
  [[nodiscard]] static int last_os_error() noexcept { return errno; }
  /// Regions are of a multiple of so many bytes.
  [[nodiscard]] static std::size_t granularity() noexcept {
    // No static variable: one in an inline function is a unique symbol, with which a plugin that
    // has it is never unloaded. The C library knows the answer.
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

 private:
  /// Of x86-64, and of AArch64 with pages of 4 KiB. Where huge pages are larger, the kernel makes
  /// them of what is aligned inside the region.
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  static void unmap(std::byte* data, std::size_t size) noexcept {
    if (::munmap(data, size) != 0) ::madvise(data, size, MADV_DONTNEED);
  }

  /// `MADV_POPULATE_WRITE`, which the headers of an older system do not name.
  static constexpr int kPopulateWrite = 23;

  void prefault() noexcept {
    if (::madvise(data_, size_, kPopulateWrite) == 0 || errno == EINVAL) return;
    const int why = errno;
    unmap(std::exchange(data_, nullptr), std::exchange(size_, 0));
    errno = why;
  }

  static std::byte* map_pages(std::size_t size) noexcept {
    void* const pages =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return nullptr;
    return static_cast<std::byte*>(pages);
  }

  static bool is_aligned(const std::byte* address, std::size_t alignment) noexcept {
    return (reinterpret_cast<std::uintptr_t>(address) & (alignment - 1)) == 0;
  }

  void map(std::size_t size, std::size_t alignment) noexcept {
    // The kernel places a new mapping below the previous one, so the plain attempt is aligned to
    // pages always, and to more where the previous region had a multiple of that as its size.
    std::byte* const plain = map_pages(size);
    if (plain == nullptr) return;
    if (is_aligned(plain, alignment)) {
      data_ = plain;
      size_ = size;
      return;
    }
    unmap(plain, size);
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
    if (head != 0) unmap(start, head);
    if (slack != head) unmap(start + head + size, slack - head);
    data_ = start + head;
    size_ = size;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// In pages of the kernel's usual size, each had at its first use.
using MmapBacking = BasicMmapBacking<MmapOptions{}>;

static_assert(MovableBacking<MmapBacking>);

}  // namespace slabproof

#endif  // SLABPROOF_MMAP_BACKING_H_
