#ifndef SLABPROOF_MODEL_STATES_STATE_OPTIONS_H_
#define SLABPROOF_MODEL_STATES_STATE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace slabproof::model {

class SharedStates;

/// How states are compared and kept. Each of the switches that are on by default can be turned off:
/// the search finds the same, and sees more states.
struct StateOptions {
  /// A class for each thread, equal for threads that are interchangeable; empty: none are.
  std::span<const std::uint8_t> symmetry_class = {};
  bool rename_memory = true;       ///< regions are named by how they are reached, not by address
  bool merge_pools = true;         ///< it does not matter where in a pool something lies
  bool join_ahead = true;          ///< who is about to lock a mutex knows what the mutex knows
  bool forget_known = true;        ///< what all threads know is no part of happens-before any more
  bool skip_alike = true;          ///< of threads that stand alike, one step is tried
  bool newest_first = false;       ///< steps are tried in the opposite order
  bool keep_whole_states = false;  ///< and not their fingerprints
  std::size_t memory_limit = std::size_t{4} << 30;  ///< bytes for what is kept of states
  /// For a share of a search in several processes; it must outlive the search, in which
  /// fingerprints are compared and livelocks are not found (see StateScheduler).
  SharedStates* shared = nullptr;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_STATE_OPTIONS_H_
