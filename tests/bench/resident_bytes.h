#ifndef SLABPROOF_TESTS_BENCH_RESIDENT_BYTES_H_
#define SLABPROOF_TESTS_BENCH_RESIDENT_BYTES_H_

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace slabproof::bench {

/// The private bytes of this process that are in memory now, as the kernel counts them page by
/// page. Ends the program where /proc has no smaps_rollup.
inline std::size_t resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/smaps_rollup", "r");
  std::size_t kib = 0;
  char line[256];
  bool found = false;
  while (file != nullptr && !found && std::fgets(line, sizeof(line), file) != nullptr) {
    found = std::sscanf(line, "Private_Dirty: %zu kB", &kib) == 1;
  }
  if (!found) {
    std::fputs("bench: cannot read Private_Dirty of /proc/self/smaps_rollup\n", stderr);
    std::exit(2);
  }
  std::fclose(file);
  return kib * 1024;
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_RESIDENT_BYTES_H_
