#ifndef SLABPROOF_TESTS_PROPERTIES_CONCURRENT_RUN_H_
#define SLABPROOF_TESTS_PROPERTIES_CONCURRENT_RUN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/program/program.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/slab_model.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {

/// What came of one run of a program on real threads.
struct ConcurrentVerdict {
  Complaint complaint;
  /// The linearizability checker gave up: neither good nor bad.
  bool inconclusive = false;
  /// Calls that overlapped a call of another thread.
  std::uint64_t overlapping_calls = 0;
};

/// Runs `program` on a growable slab, one real thread for each thread of the program, with timing
/// perturbed as `seed` says, and judges what happened:
///
/// - S1, by what each block held was filled with, and as part of S12;
/// - S2, each block lies in a region that the backing granted, at a slot;
/// - S3, no region is released while the slab lives but those that were never handed out;
/// - S4, S6, S7, by the counters when all is given back;
/// - S5, no call of the backing under the lock;
/// - S10, by the counters, as part of S12;
/// - S11, regions are balanced at the end; a call only fails if the backing refused (L3 in full is
///   part of S12, since the specification knows when a slot was free);
/// - S12, linearizability of all calls and of their results, down to which block was handed out;
/// - L2, lock acquisitions and requests of each allocation.
///
/// `d`, a second free, is skipped: another thread may own the block by then, and then it is not a
/// bad pointer but a stolen one.
[[nodiscard]] ConcurrentVerdict run_concurrently(const SlabKind& subject, const Setup& setup,
                                                 const model::Program& program, std::uint64_t seed);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_CONCURRENT_RUN_H_
