#ifndef SLABPROOF_TESTS_SOAK_RESIDENT_MEMORY_H_
#define SLABPROOF_TESTS_SOAK_RESIDENT_MEMORY_H_

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace slabproof::soak {

/// Bytes of this process that are in memory, after the heap gave back what it can.
inline std::size_t resident_bytes() {
  ::malloc_trim(0);
  std::size_t mapped = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> mapped >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_RESIDENT_MEMORY_H_
