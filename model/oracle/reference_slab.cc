#include "model/oracle/reference_slab.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace slabproof::model {

ReferenceSlab::ReferenceSlab(Rules rules) : rules_(rules) {
  constexpr std::size_t kUsualSegments = 256;
  constexpr std::size_t kUsualBatch = 16;
  segments_.reserve(kUsualSegments);
  taken_.reserve(kUsualBatch);
  reset();
}

void ReferenceSlab::reset() {
  segments_.assign(rules_.initial_segments, Segment{});
  live_ = 0;
  peak_live_ = 0;
  growers_ = 0;
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
  --growers_;
  allocation.growing = false;
  // Others carry no directory because this one does, so it goes in even where it is not needed now.
  if (supplies.directory) {
    directory_room_ = std::max(directory_room_, allocation.directory_width);
  }
  taken_.clear();
  take(allocation, rules_.recheck_all || !supplies.segment ? 0 : allocation.observed);
  if (allocation.missing == 0 || !supplies.segment) return {taken_, false};
  segments_.emplace_back();
  take(allocation, segments() - 1);
  if (allocation.missing != 0) begin_growth(allocation);
  return {taken_, true};
}

void ReferenceSlab::free(std::uint32_t segment) {
  assert(segments_[segment].live != 0);
  --segments_[segment].live;
  --live_;
}

void ReferenceSlab::trim(Trim& trim) {
  if (trim.claimed) {
    segments_[*trim.claimed] = Segment{};
    live_ -= rules_.capacity;
    trim.claimed.reset();
  }
  const std::uint32_t end = std::min(segments(), trim.next + kTrimStride);
  while (trim.next < end) {
    Segment& segment = segments_[trim.next++];
    if (segment.live != 0 || !segment.used) continue;
    segment.live = rules_.capacity;
    count_live(rules_.capacity);
    trim.claimed = trim.next - 1;
    return;
  }
  trim.finished = trim.next >= segments();
}

void ReferenceSlab::take(Allocation& allocation, std::uint32_t first_segment) {
  for (std::uint32_t i = first_segment; i < segments() && allocation.missing != 0; ++i) {
    Segment& segment = segments_[i];
    const std::uint32_t count = std::min(allocation.missing, rules_.capacity - segment.live);
    if (count == 0) continue;
    segment.live += count;
    segment.used = true;
    allocation.missing -= count;
    allocation.served += count;
    taken_.insert(taken_.end(), count, i);
    count_live(count);
  }
}

void ReferenceSlab::begin_growth(Allocation& allocation) {
  ++growers_;
  allocation.growing = true;
  allocation.observed = segments();
  const std::uint32_t wanted = segments() + growers_;
  allocation.directory_width = wanted > directory_room_ ? std::bit_ceil(wanted) : 0;
}

void ReferenceSlab::count_live(std::uint64_t added) {
  live_ += added;
  peak_live_ = std::max(peak_live_, live_);
}

}  // namespace slabproof::model
