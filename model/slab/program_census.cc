// What a program execution does when its threads have finished: all is given back, and a census
// taken.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "model/runtime/model_memory.h"
#include "model/slab/program_execution.h"

namespace slabproof::model {
namespace {

/// Blocks asked for at once when the slab is drained: what a slab's batch takes on a small stack.
constexpr std::size_t kDrainBatch = 64;

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

void ProgramExecution::after() {
  in_epilogue_ = true;
  history_->census.segments = slab_.segment_count();
  if (setup_.family != SlabFamily::kShared) take_rest();
  give_everything_back();
  if (setup_.family != SlabFamily::kShared) slab_.trim();
  const Counters counters = slab_.counters();
  history_->census.live_end = counters.live;
  history_->census.peak_live = counters.peak_live;
  history_->census.misuse_events = counters.misuse();
  history_->census.corruption_events = counters.misuse() + counters.corrupt_links;
  take_census();
  slab_.destroy();
  for (Channel& each : channels_) {
    if (each.used) std::destroy_at(&sent(each));
  }
  history_->census.regions_still_mapped = regions_mapped_;
}

/// What there is when no thread runs any more, and callers still hold what they hold.
void ProgramExecution::take_rest() {
  Census& census = history_->census;
  for (const ThreadState& state : threads_) census.held += state.held_count;
  for (Channel& each : channels_) {
    if (each.used) census.held += each.given - each.taken;
  }
  census.at_rest = slab_.counters_at_rest();
  slab_.end_threads();
  census.after_ends = slab_.counters_at_rest();
}

void ProgramExecution::give_everything_back() {
  const auto give_back = [&](std::size_t owner, const Held& held) {
    end_use(owner, held);
    slab_.deallocate(held.piece.data);
  };
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    const ThreadState& state = threads_[thread];
    for (std::size_t i = 0; i < state.held_count; ++i) give_back(thread, state.held[i]);
  }
  for (Channel& each : channels_) {
    if (!each.used) continue;
    const std::uint32_t count = sent(each).load(std::memory_order::relaxed);
    for (std::uint32_t i = each.taken; i < count; ++i) give_back(kNobody, each.gifts[i]);
  }
}

void ProgramExecution::take_census() {
  Census& census = history_->census;
  const std::uint64_t wanted = census.segments * setup_.capacity;
  if (drained_.size() < wanted) drained_.resize(wanted);
  BatchInProgress unwatched;
  while (census.drained_blocks < wanted) {
    const std::size_t count = std::min<std::size_t>(kDrainBatch, wanted - census.drained_blocks);
    const std::span<BlockView> pieces = std::span(drained_).subspan(census.drained_blocks, count);
    const std::size_t served =
        slab_.allocate_each(Op::Kind::kAllocate, pieces, unwatched).value_or(0);
    census.drained_blocks += served;
    if (served < count) break;
  }
  census.segments_after_drain = slab_.segment_count();
  const std::span<BlockView> blocks = std::span(drained_).first(census.drained_blocks);
  std::ranges::sort(blocks, {}, [](const BlockView& piece) { return address_of(piece.data); });
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool repeats = i != 0 && blocks[i - 1].data + blocks[i - 1].size > blocks[i].data;
    const bool aligned = address_of(blocks[i].data) % traits_.slot_alignment == 0;
    census.drained_distinct &= !repeats && aligned && ModelMemory::contains(blocks[i].data);
  }
  returned_.clear();
  for (const BlockView& piece : blocks) returned_.push_back(piece.data);
  slab_.deallocate_batch(returned_);
}

}  // namespace slabproof::model
