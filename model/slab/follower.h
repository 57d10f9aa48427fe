#ifndef SLABPROOF_MODEL_SLAB_FOLLOWER_H_
#define SLABPROOF_MODEL_SLAB_FOLLOWER_H_

#include <cstddef>

#include "model/search/execution.h"
#include "model/slab/history.h"

namespace slabproof::model {

/// Judges executions as far as they have come, and tells what of their past decides how the rest
/// will be judged.
class Follower {
 public:
  virtual ~Follower() = default;

  /// The history so far, where all threads are between two critical sections; the last records are
  /// of operations that are not finished (`OpRecord::is_unfinished`). False if it is not known to
  /// be good: then so it will be judged when it is whole, or it cannot be told yet.
  [[nodiscard]] virtual bool follow(const History& history) = 0;
  // Of the history that was followed last.
  virtual void append_shared(StateSink& sink) const = 0;
  virtual void append_thread(std::size_t thread, StateSink& sink) const = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_FOLLOWER_H_
