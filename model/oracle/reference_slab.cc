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
  growths_begun_ = parked_ = waiting_ = 0;
  directory_room_ = rules_.initial_segments == 0 ? 0 : std::bit_ceil(rules_.initial_segments);
}

ReferenceSlab::Section ReferenceSlab::begin_allocate(Allocation& allocation, std::uint32_t wanted) {
  allocation = Allocation{.missing = wanted};
  taken_.clear();
  if (must_await_trims(allocation, 0)) {
    allocation.stage = Stage::kAwaitsTrims;
    ++waiting_;
    return {taken_, false};
  }
  take(allocation, 0);
  if (allocation.missing != 0) begin_growth(allocation);
  return {taken_, false};
}

ReferenceSlab::Section ReferenceSlab::continue_allocate(Allocation& allocation, Supplies supplies) {
  assert(allocation.stage == Stage::kGrows || allocation.stage == Stage::kParked);
  taken_.clear();
  const std::uint32_t first = rules_.recheck_all || !supplies.segment ? 0 : allocation.observed;
  const bool was_parked = allocation.stage == Stage::kParked;
  if (must_await_trims(allocation, first)) {
    if (was_parked) return {taken_, false};
    std::erase(growths_, allocation.growth);
    allocation.stage = Stage::kParked;
    ++parked_;
    ++waiting_;
    return {taken_, false};
  }
  if (was_parked) {
    --parked_;
    --waiting_;
  } else {
    std::erase(growths_, allocation.growth);
  }
  allocation.stage = Stage::kDone;
  // Others carry no directory because this one does, so it goes in even where it is not needed now.
  if (supplies.directory) {
    directory_room_ = std::max(directory_room_, allocation.directory_width);
  }
  take(allocation, first);
  if (allocation.missing == 0) return {taken_, false};
  if (!supplies.segment) {
    allocation.awaited = growths_begun_;
    if (allocation.served == 0 && has_growth_to_await(allocation)) {
      allocation.stage = Stage::kRefused;
      ++waiting_;
    }
    return {taken_, false};
  }
  slots_.install();
  take(allocation, segments() - 1);
  if (allocation.missing != 0) begin_growth(allocation);
  return {taken_, true};
}

ReferenceSlab::Section ReferenceSlab::look_again(Allocation& allocation) {
  assert(allocation.stage == Stage::kAwaitsTrims || allocation.stage == Stage::kRefused);
  taken_.clear();
  if (must_await_trims(allocation, 0)) return {taken_, false};
  const bool was_refused = allocation.stage == Stage::kRefused;
  const bool is_over = !was_refused || slots_.can_serve(1) || !has_growth_to_await(allocation);
  if (!is_over) return {taken_, false};
  --waiting_;
  allocation.stage = Stage::kDone;
  take(allocation, 0);
  if (allocation.missing != 0 && !was_refused) begin_growth(allocation);
  return {taken_, false};
}

bool ReferenceSlab::must_await_trims(const Allocation& allocation, std::uint32_t first) const {
  return slots_.claimed() != 0 && !slots_.can_serve(allocation.missing, first);
}

bool ReferenceSlab::has_growth_to_await(const Allocation& allocation) const {
  return parked_ != 0 || std::ranges::any_of(growths_, [&](std::uint32_t growth) {
           return growth <= allocation.awaited;
         });
}

void ReferenceSlab::free(std::uint32_t segment) {
  slots_.put({segment, 0});
}

void ReferenceSlab::trim(Trim& trim) {
  if (trim.claimed) {
    slots_.lay_out(*trim.claimed);
    trim.claimed.reset();
  }
  if (waiting_ != 0) {
    trim.finished = true;
    return;
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
  allocation.stage = Stage::kGrows;
  allocation.observed = segments();
  const std::uint32_t wanted = segments() + static_cast<std::uint32_t>(growths_.size()) + parked_;
  allocation.directory_width = wanted > directory_room_ ? std::bit_ceil(wanted) : 0;
}

}  // namespace slabproof::model
