#ifndef SLABPROOF_FUZZ_SLAB_CORRUPTION_EXERCISER_H_
#define SLABPROOF_FUZZ_SLAB_CORRUPTION_EXERCISER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fuzz/slab/slab_script.h"
#include "fuzz/slab/witnessed_slots.h"
#include "model/oracle/first_fit.h"
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
  using Place = model::SlotName;
  using Status = WitnessedSlots::Status;

  /// A slot that the slab was seen to take.
  struct Taken {
    Place place;
    bool from_freelist;
    Status former;  ///< its status before
  };

  void perform(const Step& step);
  void perform_unjudged(const Step& step);
  void lose_track();
  void allocate();
  [[nodiscard]] Place place_of(std::byte* block, std::uint32_t segment);
  [[nodiscard]] bool judge_link(const Taken& taken, const model::Counters& before,
                                const model::Counters& after);
  [[nodiscard]] bool must_be_refused(Place place) const;
  void free_at(std::size_t position);
  void free_again();
  void overwrite(const Step& step);
  void write_link(const Step& step, Place target, const std::vector<Place>& idle);
  void trim();
  void check_counters() const;

  [[nodiscard]] std::vector<Place> idle_slots() const;
  [[nodiscard]] WitnessedSlots::Slot& slot(Place place) {
    return model_.slots_of(place.segment)[place.slot];
  }
  [[nodiscard]] const WitnessedSlots::Slot& slot(Place place) const {
    return model_.slots_of(place.segment)[place.slot];
  }
  [[nodiscard]] std::byte* data_of(Place place) const {
    return first_slots_[place.segment] + std::size_t{place.slot} * traits_.stride;
  }
  /// The first eight bytes, or only those of the link where that is shorter.
  [[nodiscard]] std::uint64_t link_bytes_of(Place place) const;

  const SlabScript& script_;
  model::AnySlab& slab_;
  const model::SlabTraits traits_;
  model::FirstFit<WitnessedSlots> model_;
  std::vector<std::byte*> first_slots_;  ///< by segment; null until it was handed out
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
