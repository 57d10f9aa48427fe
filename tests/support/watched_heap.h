#ifndef SLABPROOF_TESTS_SUPPORT_WATCHED_HEAP_H_
#define SLABPROOF_TESTS_SUPPORT_WATCHED_HEAP_H_

#include <cstdint>

namespace slabproof::testing {

/// How often, so far, a thread used the heap while it held a `ObservedSync::Mutex`. A binary that
/// links this library allocates through operators that count it.
std::uint64_t heap_calls_under_lock();

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_WATCHED_HEAP_H_
