#ifndef SLABPROOF_TESTS_PROPERTIES_FAST_PATH_RUN_H_
#define SLABPROOF_TESTS_PROPERTIES_FAST_PATH_RUN_H_

#include <cstdint>

#include "model/program/program.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/slab_model.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {

/// Runs `program`, which must fit, on a slab with caches or on an owner and its remotes, one real
/// thread for each thread of the program: all at once with timing perturbed as `seed` says, or, if
/// `in_turn`, one after another. Judged are
///
/// - S1, by what each block held was filled with; S2, its size and alignment;
/// - S5, no call of the backing under a lock;
/// - C6, hits take no lock; C7, an allocation fails only if the backing refused, and where the
///   program has one thread, only if no block was free;
/// - C1 to C5, R1 and R2 by what is there when the threads have ended: see `CensusJudge`.
[[nodiscard]] Complaint run_fast_paths(const SlabKind& subject, const Setup& setup,
                                       const model::Program& program, std::uint64_t seed,
                                       bool in_turn);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_FAST_PATH_RUN_H_
