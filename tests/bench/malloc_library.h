#ifndef SLABPROOF_TESTS_BENCH_MALLOC_LIBRARY_H_
#define SLABPROOF_TESTS_BENCH_MALLOC_LIBRARY_H_

#include <dlfcn.h>

#include <string>

namespace slabproof::bench {

/// The file whose `malloc` the process has: a library that LD_PRELOAD names and that cannot be
/// loaded is skipped without an error.
inline std::string malloc_library() {
  Dl_info info{};
  void* const function = ::dlsym(RTLD_DEFAULT, "malloc");
  if (function == nullptr || ::dladdr(function, &info) == 0) return "unknown";
  return info.dli_fname;
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_MALLOC_LIBRARY_H_
