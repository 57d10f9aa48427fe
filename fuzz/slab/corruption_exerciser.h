#ifndef SLABPROOF_FUZZ_SLAB_CORRUPTION_EXERCISER_H_
#define SLABPROOF_FUZZ_SLAB_CORRUPTION_EXERCISER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fuzz/slab/slab_script.h"
#include "model/slab/any_slab.h"

namespace slabproof::fuzz {

/// Runs a script on one growable slab and writes into slots that nobody owns in between, as a
/// dangling pointer does. It judges property S9: a link that was altered is never followed out of
/// the segment, nor to a live slot under protection; it is counted; what lies behind it is counted
/// as abandoned; and the slab goes on serving.
///
/// It reads the links that the slab will read, so it knows for each whether it is sound. Batches
/// are made of single calls, so that each event belongs to one link.
class CorruptionExerciser {
 public:
  /// `begin_input` must have been called before the slab was made.
  CorruptionExerciser(const SlabScript& script, model::AnySlab& slab);

  void run();

 private:
  enum class Status : std::uint8_t { kUnused, kLive, kFree, kAbandoned };

  struct Slot {
    Status status = Status::kUnused;
    std::uint64_t serial = 0;           ///< while live
    std::vector<std::uint64_t> sealed;  ///< every link that the slab put there, the last one last
  };

  struct SegmentView {
    std::byte* first_slot = nullptr;  ///< null until it was handed out
    std::uint32_t carved = 0;
    std::uint32_t listed = 0;  ///< slots on the freelist, as the slab counts them
    std::uint32_t live = 0;
    std::uint32_t abandoned = 0;
    std::vector<Slot> slots;

    [[nodiscard]] bool has_room() const { return listed != 0 || carved < slots.size(); }
  };

  struct Place {
    std::uint32_t segment;
    std::uint32_t slot;
  };

  void perform(const Step& step);
  void perform_unjudged(const Step& step);
  void lose_track();
  void allocate();
  [[nodiscard]] Place place_of(std::byte* block, std::uint32_t segment);
  [[nodiscard]] bool judge_link(Place place, const model::Counters& before,
                                const model::Counters& after);
  [[nodiscard]] bool must_be_refused(Place place) const;
  void free_at(std::size_t position);
  void free_again();
  void overwrite(const Step& step);
  void write_link(const Step& step, Place target, const std::vector<Place>& idle);
  void trim();
  void check_counters() const;

  [[nodiscard]] std::vector<Place> idle_slots() const;
  [[nodiscard]] SegmentView& view(Place place) { return segments_[place.segment]; }
  [[nodiscard]] Slot& slot(Place place) { return segments_[place.segment].slots[place.slot]; }
  [[nodiscard]] const Slot& slot(Place place) const {
    return segments_[place.segment].slots[place.slot];
  }
  [[nodiscard]] std::byte* data_of(Place place) const {
    return segments_[place.segment].first_slot + std::size_t{place.slot} * traits_.stride;
  }
  /// The first eight bytes, or only those of the link where that is shorter.
  [[nodiscard]] std::uint64_t link_bytes_of(Place place) const;

  const SlabScript& script_;
  model::AnySlab& slab_;
  const model::SlabTraits traits_;
  std::vector<SegmentView> segments_;
  std::vector<Place> held_;
  std::optional<Place> last_freed_;
  std::uint64_t next_serial_ = 1;
  std::uint64_t corrupt_links_ = 0;
  std::uint64_t repeated_frees_ = 0;
  /// Without protection, a forged link can lead to a live slot. From then on only memory safety is
  /// left to judge.
  bool lost_track_ = false;
  std::vector<void*> strays_;  ///< blocks that were handed out, once track is lost
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_CORRUPTION_EXERCISER_H_
