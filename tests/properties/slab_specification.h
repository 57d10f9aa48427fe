#ifndef SLABPROOF_TESTS_PROPERTIES_SLAB_SPECIFICATION_H_
#define SLABPROOF_TESTS_PROPERTIES_SLAB_SPECIFICATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/oracle/first_fit.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {

/// One atomic step of a growable slab, with what it returned. A call makes one or several: a batch
/// takes block after block, and `trim` takes segments out and puts them back.
struct SlabStep {
  enum class Kind : std::uint8_t {
    kTake,        ///< handed out the block at `address`
    kExhausted,   ///< handed out nothing: no slot was free, and the backing had refused
    kPut,         ///< accepted the block at `address`
    kForeign,     ///< refused a foreign pointer
    kMisaligned,  ///< refused a pointer into a block
    kSegments,    ///< said that there are `value` segments
    kCounters,    ///< returned `counters`
    kClaim,       ///< trim took out the wholly free segment that contains `address`
    kLayOut,      ///< trim put it back as if it were new
  };
  Kind kind = Kind::kTake;
  std::uintptr_t address = 0;
  std::uint64_t value = 0;
  bool may_grow = false;  ///< of kTake: the call had obtained a segment
  model::Counters counters{};
};

[[nodiscard]] std::string to_text(const SlabStep& step);

/// Where things lie in the memory of a slab.
struct SlabGeometry {
  std::size_t capacity = 0;
  std::size_t stride = 0;
  std::size_t slots_offset = 0;  ///< from the start of a region to its first slot
};

/// The growable slab as a sequential object that makes one step at a time: the rule of `FirstFit`,
/// with addresses. It says which block is handed out, not only that it is a free one. Where no slot
/// is free, a segment is added.
///
/// With `Recheck::kNewSegments` a call that had obtained a segment may take from any segment, or
/// add one although others have room: which it may is a matter of what it saw before, and the
/// bound of S7 is judged at the end.
class SlabSpecification {
 public:
  using Step = SlabStep;

  /// `initial` are the first bytes of the regions of initial segments, in order. `regions` are
  /// those of all segments that there are ever, by address; they must outlive this and its copies.
  SlabSpecification(const SlabGeometry& geometry, bool recheck_all,
                    const std::vector<std::uintptr_t>& initial,
                    std::span<const std::uintptr_t> regions);

  [[nodiscard]] bool apply(const SlabStep& step);
  void encode(std::string& text) const;

  /// Where an address lies, as `segment.slot`, for people.
  [[nodiscard]] std::string name_of(std::uintptr_t address) const;

 private:
  [[nodiscard]] std::uintptr_t region_of(std::uintptr_t address) const;
  [[nodiscard]] std::optional<std::uint32_t> slot_of(std::uintptr_t address) const;
  [[nodiscard]] std::optional<std::uint32_t> segment_of(std::uintptr_t address) const;
  [[nodiscard]] bool take(const SlabStep& step);
  [[nodiscard]] bool put(std::uintptr_t address);
  [[nodiscard]] bool claim(std::uintptr_t address);
  [[nodiscard]] bool lay_out(std::uintptr_t address);
  [[nodiscard]] bool has_counters(const model::Counters& seen) const;

  SlabGeometry geometry_;
  bool recheck_all_;
  model::FirstFit<model::OrderedSlots> slots_;
  std::span<const std::uintptr_t> all_regions_;
  std::vector<std::uintptr_t> regions_;  ///< by segment
  std::uint64_t foreign_ = 0;
  std::uint64_t misaligned_ = 0;
};

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SLAB_SPECIFICATION_H_
