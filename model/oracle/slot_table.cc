#include "model/oracle/slot_table.h"

#include <algorithm>
#include <stdexcept>

namespace slabproof::model {

SlotTable::SlotTable(const Setting& setting)
    : stride_(setting.stride),
      alignment_(setting.alignment),
      span_((setting.capacity - 1) * setting.stride) {
  if (setting.capacity == 0 || stride_ == 0 || alignment_ == 0) {
    throw std::invalid_argument("capacity, stride and alignment of a setting are at least 1");
  }
  segments_.reserve(History::kMaxBackingEvents);
  live_.reserve(History::kMaxBlocks);
}

void SlotTable::reset() {
  segments_.clear();
  live_.clear();
  offsets_known_ = false;
}

bool SlotTable::is_installed(std::uintptr_t base) const {
  return std::ranges::find(segments_, base, &Region::base) != segments_.end();
}

SlotTable::Fault SlotTable::hand_out(const BlockEvent& block, std::uint32_t segment, OpId holder) {
  const Region& region = segments_[segment];
  if (!region.contains(block.address, 1)) return fault_of(block);
  if (!is_slot(block, region)) return Fault::kNoSlot;
  if (find_live(block.address) != nullptr) return Fault::kLive;
  const std::size_t offset = block.address - region.base;
  lowest_offset_ = offsets_known_ ? std::min(lowest_offset_, offset) : offset;
  highest_offset_ = offsets_known_ ? std::max(highest_offset_, offset) : offset;
  offsets_known_ = true;
  live_.push_back({block.address, segment, holder});
  return Fault::kNone;
}

SlotTable::Fault SlotTable::fault_of(const BlockEvent& block) const {
  const auto region = std::ranges::find_if(
      segments_, [&](const Region& candidate) { return candidate.contains(block.address, 1); });
  if (region == segments_.end()) return Fault::kOutside;
  if (!is_slot(block, *region)) return Fault::kNoSlot;
  return find_live(block.address) != nullptr ? Fault::kLive : Fault::kOtherSegment;
}

std::optional<SlotTable::LiveBlock> SlotTable::take_back(std::uintptr_t address) {
  const auto place = std::ranges::find(live_, address, &LiveBlock::address);
  if (place == live_.end()) return std::nullopt;
  const LiveBlock block = *place;
  *place = live_.back();
  live_.pop_back();
  return block;
}

const SlotTable::LiveBlock* SlotTable::find_live(std::uintptr_t address) const {
  const auto place = std::ranges::find(live_, address, &LiveBlock::address);
  return place == live_.end() ? nullptr : &*place;
}

bool SlotTable::is_slot(const BlockEvent& block, const Region& region) const {
  if (block.size != stride_ || block.address % alignment_ != 0) return false;
  if (!region.contains(block.address, block.size)) return false;
  if (!offsets_known_) return true;
  const std::size_t offset = block.address - region.base;
  const std::size_t lowest = std::min(lowest_offset_, offset);
  const std::size_t highest = std::max(highest_offset_, offset);
  return (highest - lowest) % stride_ == 0 && (offset - lowest) % stride_ == 0 &&
         highest - lowest <= span_;
}

}  // namespace slabproof::model
