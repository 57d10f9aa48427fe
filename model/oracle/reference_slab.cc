#include "model/oracle/reference_slab.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace slabproof::model {

ReferenceSlab::ReferenceSlab(Rules rules) : rules_(rules), slots_(rules.capacity) {
  constexpr std::size_t kUsualSegments = 256;
  constexpr std::size_t kUsualBatch = 16;
  growths_.reserve(kUsualBatch);
  slots_.reserve(kUsualSegments);
  taken_.reserve(kUsualBatch);
  reset();
}

void ReferenceSlab::reset() {
  slots_.reset(rules_.initial_segments);
  growths_.clear();
  growths_begun_ = 0;
  directory_room_ = rules_.initial_segments == 0 ? 0 : std::bit_ceil(rules_.initial_segments);
}

ReferenceSlab::Section ReferenceSlab::begin_allocate(Allocation& allocation, std::uint32_t wanted) {
  allocation = Allocation{.missing = wanted};
  taken_.clear();
  take(allocation, 0);
  if (allocation.missing != 0) begin_growth(allocation);
  return {taken_, false};
}

ReferenceSlab::Section ReferenceSlab::continue_allocate(Allocation& allocation, Supplies supplies) {
  assert(allocation.growing);
  std::erase(growths_, allocation.growth);
  allocation.growing = false;
  // Others carry no directory because this one does, so it goes in even where it is not needed now.
  if (supplies.directory) {
    directory_room_ = std::max(directory_room_, allocation.directory_width);
  }
  taken_.clear();
  take(allocation, rules_.recheck_all || !supplies.segment ? 0 : allocation.observed);
  if (allocation.missing == 0) return {taken_, false};
  if (!supplies.segment) {
    allocation.waiting = allocation.served == 0 && !growths_.empty();
    allocation.awaited = growths_begun_;
    return {taken_, false};
  }
  slots_.install();
  take(allocation, segments() - 1);
  if (allocation.missing != 0) begin_growth(allocation);
  return {taken_, true};
}

ReferenceSlab::Section ReferenceSlab::look_again(Allocation& allocation) {
  assert(allocation.waiting);
  taken_.clear();
  take(allocation, 0);
  allocation.waiting =
      allocation.served == 0 && std::ranges::any_of(growths_, [&](std::uint32_t growth) {
        return growth <= allocation.awaited;
      });
  return {taken_, false};
}

void ReferenceSlab::free(std::uint32_t segment) {
  slots_.put({segment, 0});
}

void ReferenceSlab::trim(Trim& trim) {
  if (trim.claimed) {
    slots_.lay_out(*trim.claimed);
    trim.claimed.reset();
  }
  const std::uint32_t end = std::min(segments(), trim.next + kTrimStride);
  while (trim.next < end) {
    const std::uint32_t segment = trim.next++;
    if (!slots_.is_trimmable(segment)) continue;
    slots_.claim(segment);
    trim.claimed = segment;
    return;
  }
  trim.finished = trim.next >= segments();
}

void ReferenceSlab::take(Allocation& allocation, std::uint32_t first_segment) {
  std::optional<std::uint32_t> segment = first_segment;
  while (allocation.missing != 0 && (segment = slots_.lowest_with_room(*segment))) {
    slots_.take(*segment);
    taken_.push_back(*segment);
    --allocation.missing;
    ++allocation.served;
  }
}

void ReferenceSlab::begin_growth(Allocation& allocation) {
  allocation.growth = ++growths_begun_;
  growths_.push_back(allocation.growth);
  allocation.growing = true;
  allocation.observed = segments();
  const std::uint32_t wanted = segments() + static_cast<std::uint32_t>(growths_.size());
  allocation.directory_width = wanted > directory_room_ ? std::bit_ceil(wanted) : 0;
}

}  // namespace slabproof::model
