#ifndef SLABPROOF_TESTS_SUPPORT_RESIDENT_PAGES_H_
#define SLABPROOF_TESTS_SUPPORT_RESIDENT_PAGES_H_

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace slabproof::testing {

inline std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// How many pages of [data, data + size) are in memory, as the kernel says; nothing where some part
/// of the range is not mapped. The range is taken outwards to whole pages.
inline std::optional<std::size_t> resident_pages(const std::byte* data, std::size_t size) {
  const std::uintptr_t page = page_size();
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(data) & ~(page - 1);
  const std::uintptr_t last =
      (reinterpret_cast<std::uintptr_t>(data) + size + page - 1) & ~(page - 1);
  std::vector<unsigned char> residency((last - first) / page);
  if (::mincore(reinterpret_cast<void*>(first), last - first, residency.data()) != 0) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(residency, [](unsigned char state) { return (state & 1) != 0; }));
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_RESIDENT_PAGES_H_
