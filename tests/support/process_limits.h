#ifndef SLABPROOF_TESTS_SUPPORT_PROCESS_LIMITS_H_
#define SLABPROOF_TESTS_SUPPORT_PROCESS_LIMITS_H_

#include <sys/mman.h>
#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <fstream>

#include "tests/support/resident_pages.h"

namespace slabproof::testing {

/// The address space that this process uses, in bytes.
inline std::size_t mapped_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * page_size();
}

/// From now on this process has room for `more` further bytes of address space. It can be called
/// again. False where the system refuses.
inline bool limit_address_space(std::size_t more) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0) return false;
  limit.rlim_cur = mapped_bytes() + more;
  return ::setrlimit(RLIMIT_AS, &limit) == 0;
}

/// The most mappings that a process can have; 0 where the system does not say.
inline std::size_t mapping_limit() {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> limit;
  return limit;
}

/// Makes mappings that the kernel cannot merge, of a page each, until it grants no more. The result
/// is the last of them, which can be unmapped.
inline std::array<void*, 16> use_up_mappings() {
  std::array<void*, 16> last{};
  int protection = PROT_READ;
  for (std::size_t number = 0;; ++number, protection ^= PROT_READ) {
    void* const page = ::mmap(nullptr, page_size(), protection,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (page == MAP_FAILED) return last;
    last[number % last.size()] = page;
  }
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_PROCESS_LIMITS_H_
