// An execution as far as it has come: judged, and what of its past decides how the rest is judged.
// Left out is what only messages tell: who held a block, since when a segment had room.

#include <algorithm>
#include <tuple>
#include <vector>

#include "model/oracle/oracle.h"

namespace slabproof::model {

using Stage = ReferenceSlab::Stage;

bool Oracle::follow(const History& history) {
  violation_.reset();
  if (!begin(history, false) || !replay_sections()) return false;
  for (std::size_t i = 0; i < program_.threads.size(); ++i) {
    Thread& thread = threads_[i];
    if (!replay_events(thread, history_->acquisition_count)) return false;
    const auto finished = std::ranges::find_if(thread.records, [](const OpRecord* record) {
      return record == nullptr || record->is_unfinished;
    });
    const auto count = static_cast<std::size_t>(finished - thread.records.begin());
    if (!advance_to(thread, count)) return false;
  }
  return !leak_;
}

void Oracle::append_shared(StateSink& sink) const {
  reference_.append_state([&sink](std::uint64_t number) { sink.number(number); });
  sink.number(refused_pointers_);
  const auto offsets = slots_.offsets();
  sink.number(offsets ? 1 : 0);
  if (offsets) {
    sink.number(offsets->first);
    sink.number(offsets->second);
  }
  sink.number(slots_.segments());
  for (std::size_t i = 0; i < slots_.segments(); ++i) {
    sink.address(reinterpret_cast<const void*>(slots_.segment(i).base));
  }
  // In an order that does not depend on the past.
  std::vector<SlotTable::LiveBlock> live = slots_.live();
  std::ranges::sort(live, {}, [](const SlotTable::LiveBlock& block) {
    return std::tuple(block.segment, block.address);
  });
  sink.number(live.size());
  for (const SlotTable::LiveBlock& block : live) {
    sink.number(block.segment);
    sink.address(reinterpret_cast<const void*>(block.address));
  }
}

void Oracle::append_thread(std::size_t index, StateSink& sink) const {
  const Thread& thread = threads_[index];
  const auto bits = [](auto... flags) {
    std::uint64_t sum = 0;
    ((sum = sum << 1 | (flags ? 1 : 0)), ...);
    return sum;
  };
  const Requests& requests = thread.requests;
  sink.number(thread.op);
  sink.number(bits(thread.started, thread.finished, thread.refused, requests.segment,
                   requests.directory, requests.directory_granted, requests.refused,
                   thread.segment.has_value(), thread.trim.claimed.has_value(),
                   thread.trim.finished));
  if (thread.segment) sink.address(reinterpret_cast<const void*>(thread.segment->base));
  sink.number(thread.blocks);
  sink.number(thread.discarded);
  sink.number(thread.trim.claimed.value_or(0));
  sink.number(thread.trim.next);
  const ReferenceSlab::Allocation& allocation = thread.allocation;
  const bool is_inside = allocation.stage != Stage::kDone;
  sink.number(is_inside ? 1 : 0);
  if (!is_inside) return;
  sink.number(static_cast<std::uint64_t>(allocation.stage));
  sink.number(allocation.missing);
  sink.number(allocation.served);
  sink.number(allocation.observed);
  sink.number(allocation.directory_width);
  if (allocation.stage == Stage::kGrows) sink.number(reference_.growths_up_to(allocation.growth));
  if (allocation.stage == Stage::kRefused) {
    sink.number(reference_.growths_up_to(allocation.awaited));
  }
}

}  // namespace slabproof::model
