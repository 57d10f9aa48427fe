#ifndef SLABPROOF_FUZZ_SCHEDULE_DECISION_POINTS_H_
#define SLABPROOF_FUZZ_SCHEDULE_DECISION_POINTS_H_

#include "model/program/slab_setup.h"
#include "model/slab/history.h"

namespace slabproof::fuzz {

/// Tells libFuzzer what the growth algorithm decided in one execution, as landmarks and situations:
/// for each critical section in their order, its phase and what the look under the lock came to
/// (a hit, a miss, a race won or lost, a refusal survived or not), with how many growers were on
/// their way; and each section with the one before it.
///
/// Of a slab with caches it tells which locks were taken one after another, and of an owner what
/// became of each block that a remote freed.
///
/// Code coverage alone cannot tell two interleavings of the same branches apart.
void reach_decision_points(const model::History& history, model::SlabFamily family,
                           std::uint64_t over_growth);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SCHEDULE_DECISION_POINTS_H_
