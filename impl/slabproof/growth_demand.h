#ifndef SLABPROOF_GROWTH_DEMAND_H_
#define SLABPROOF_GROWTH_DEMAND_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "slabproof/block.h"
#include "slabproof/growth.h"

namespace slabproof {

/// What the calls lack that grow, or that wait for what others bring: so a call that would wait too
/// learns whether there is room for it, and a grower whom to serve. Nothing with `Growth::kRacing`.
///
/// INVARIANT[growth.demand] The demand is the sum of what is lacked over the growths in flight and
/// the calls that wait for growths; those calls are in the queue that lack anything.
///
/// Not thread safe by itself: guarded by the slab's lock, as its parts are. Every operation is
/// O(1), but for `serve_waiting`, which is O(calls that it serves) besides what `take` does.
template <Growth kGrowth>
class GrowthDemand;

template <>
class GrowthDemand<Growth::kRacing> {
 public:
  struct Part {};
  void add(Part& /*part*/, std::span<Block> /*lacked*/) noexcept {}
  void add_waiting(Part& /*part*/, std::span<Block> /*lacked*/) noexcept {}
  void drop(const Part& /*part*/) noexcept {}
  void drop_waiting(const Part& /*part*/) noexcept {}
  [[nodiscard]] bool leaves(std::size_t /*more*/, std::uint64_t /*room*/) const noexcept {
    return false;
  }
  [[nodiscard]] static std::size_t lacks(const Part& /*part*/, std::size_t before) noexcept {
    return before;
  }
  template <class Take>
  bool serve_waiting(Take /*take*/) noexcept {
    return true;
  }
};

template <>
class GrowthDemand<Growth::kShared> {
 public:
  /// Of one call, from `add` or `add_waiting` until it is dropped; before that it holds nothing, so
  /// that a call that finds a slot pays nothing.
  struct Part {
    Block* lacked;
    std::size_t count;
    Part* older;
    Part* newer;
  };

  /// Of a growth.
  void add(Part& part, std::span<Block> lacked) noexcept {
    part.lacked = lacked.data();
    part.count = lacked.size();
    total_ += part.count;
  }
  void drop(const Part& part) noexcept { total_ -= part.count; }

  /// Of a call that waits, and that lacks something.
  void add_waiting(Part& part, std::span<Block> lacked) noexcept {
    add(part, lacked);
    part.older = newest_;
    part.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &part;
    newest_ = &part;
  }
  void drop_waiting(const Part& part) noexcept {
    if (part.count == 0) return;
    drop(part);
    remove(part);
  }

  /// Whether of `room` slots so many `more` are left for another call.
  [[nodiscard]] bool leaves(std::size_t more, std::uint64_t room) const noexcept {
    return total_ + more <= room;
  }
  /// How many slots the call of this part lacks.
  [[nodiscard]] static std::size_t lacks(const Part& part, std::size_t /*before*/) noexcept {
    return part.count;
  }

  /// Serves those who wait, the oldest first. `take` fills what it can of the blocks that it gets
  /// and says how many; who has all that he lacks is in the queue no more. Whether all have.
  template <class Take>
  bool serve_waiting(Take take) noexcept {
    while (oldest_ != nullptr) {
      Part& part = *oldest_;
      const std::size_t taken = take(std::span(part.lacked, part.count));
      total_ -= taken;
      part.lacked += taken;
      part.count -= taken;
      if (part.count != 0) return false;
      remove(part);
    }
    return true;
  }

 private:
  void remove(const Part& part) noexcept {
    (part.older != nullptr ? part.older->newer : oldest_) = part.newer;
    (part.newer != nullptr ? part.newer->older : newest_) = part.older;
  }

  std::uint64_t total_ = 0;
  Part* oldest_ = nullptr;
  Part* newest_ = nullptr;
};

}  // namespace slabproof

#endif  // SLABPROOF_GROWTH_DEMAND_H_
