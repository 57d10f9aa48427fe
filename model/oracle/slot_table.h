#ifndef SLABPROOF_MODEL_ORACLE_SLOT_TABLE_H_
#define SLABPROOF_MODEL_ORACLE_SLOT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "model/slab/history.h"

namespace slabproof::model {

/// Bytes that a backing granted.
struct Region {
  std::uintptr_t base = 0;
  std::size_t size = 0;

  [[nodiscard]] constexpr bool contains(std::uintptr_t address, std::size_t bytes) const {
    return address >= base && address - base <= size && bytes <= size - (address - base);
  }
  friend constexpr bool operator==(const Region&, const Region&) = default;
};

/// Where the blocks of a slab lie and who holds them, from addresses alone.
///
/// Where the slots of a segment begin is the implementation's affair; but it must be the same in
/// each segment, and two slots are a multiple of the stride apart. Addresses in bytes. A step costs
/// O(live blocks). Nothing is allocated until the table outgrows what it has already held once.
class SlotTable {
 public:
  /// What is wrong with a block that was handed out, the gravest first.
  enum class Fault : std::uint8_t {
    kNone,
    kOutside,       ///< in no installed segment
    kNoSlot,        ///< not a slot of its segment, misaligned, or not of the full stride
    kLive,          ///< handed out already and not given back
    kOtherSegment,  ///< a free slot, but of another segment than it had to be
  };

  struct LiveBlock {
    std::uintptr_t address = 0;
    std::uint32_t segment = 0;
    OpId holder;  ///< the operation that it was handed to
  };

  explicit SlotTable(const Setting& setting);

  /// Forgets all segments and blocks.
  void reset();

  /// Appends a segment.
  void install(Region region) { segments_.push_back(region); }
  [[nodiscard]] std::size_t segments() const { return segments_.size(); }
  [[nodiscard]] const Region& segment(std::size_t index) const { return segments_[index]; }
  [[nodiscard]] bool is_installed(std::uintptr_t base) const;

  /// Makes a block of `segment` live, unless there is a fault in that.
  Fault hand_out(const BlockEvent& block, std::uint32_t segment, OpId holder);

  /// The fault of a block that no segment had to provide; `kOtherSegment` if it is free.
  [[nodiscard]] Fault fault_of(const BlockEvent& block) const;

  /// Ends a block's life. Nothing if it was not live.
  std::optional<LiveBlock> take_back(std::uintptr_t address);

  [[nodiscard]] const LiveBlock* find_live(std::uintptr_t address) const;

  [[nodiscard]] const std::vector<LiveBlock>& live() const { return live_; }
  /// By how many bytes the blocks so far lie apart within their segments, from the least of their
  /// offsets, which comes first; nothing where there was none.
  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> offsets() const {
    if (!offsets_known_) return std::nullopt;
    return std::pair(lowest_offset_, highest_offset_ - lowest_offset_);
  }

 private:
  [[nodiscard]] bool is_slot(const BlockEvent& block, const Region& region) const;

  const std::size_t stride_;
  const std::size_t alignment_;
  const std::size_t span_;  ///< bytes from the first slot of a segment to its last
  std::vector<Region> segments_;
  std::vector<LiveBlock> live_;
  /// Offsets from their segments' bases: the least and the greatest of all blocks so far.
  std::size_t lowest_offset_ = 0;
  std::size_t highest_offset_ = 0;
  bool offsets_known_ = false;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_SLOT_TABLE_H_
