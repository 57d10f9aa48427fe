#ifndef SLABPROOF_FUZZ_SLAB_SLAB_EXERCISER_H_
#define SLABPROOF_FUZZ_SLAB_SLAB_EXERCISER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "fuzz/slab/slab_script.h"
#include "model/oracle/first_fit.h"
#include "model/slab/any_slab.h"
#include "slabproof/misuse.h"

namespace slabproof::fuzz {

/// Runs a script on one slab, alone, and judges each step against `FirstFit`: addresses,
/// contents, results, counters, requests to the backing. Properties S1 to S4, S6, S10, S11, L2
/// (requests) and L3. Overwrites are skipped.
class SlabExerciser {
 public:
  /// `begin_input` must have been called before the slab was made.
  SlabExerciser(const SlabScript& script, model::AnySlab& slab);

  void run();

 private:
  struct Held {
    std::byte* data;
    std::uint64_t serial;  ///< what the block is filled with
    model::SlotName name;
  };

  /// What was asked of the backing so far.
  struct Requests {
    std::uint64_t granted;
    std::uint64_t refused;
    bool operator==(const Requests&) const = default;
  };
  [[nodiscard]] static Requests requests();

  void perform(const Step& step);
  void allocate(const Step& step);
  void expect_error(const Step& step, model::Refusal error);
  [[nodiscard]] std::expected<std::size_t, model::Refusal> call_allocate(
      const Step& step, std::span<model::BlockView> blocks);
  void judge_growth(std::size_t asked, std::size_t served, const Requests& before);
  void accept(model::BlockView block);
  void learn_segment(std::uint32_t segment, std::byte* first_slot);

  void free_at(std::size_t position, std::uint8_t form);
  void free_all(const Step& step);
  void free_again();
  void offer_bad_pointer(const void* pointer, MisuseKind kind);
  void expect_report(const void* pointer, MisuseKind kind);
  [[nodiscard]] const void* foreign_pointer(const Step& step) const;
  [[nodiscard]] const void* misaligned_pointer(const Step& step) const;
  [[nodiscard]] bool lies_in_known_segment(std::uintptr_t address) const;

  void ask_usable_size(const Step& step);
  void trim();

  void check_contents(const Held& held) const;
  void check_counters() const;
  void give_everything_back();
  void drain();

  const SlabScript& script_;
  model::AnySlab& slab_;
  const model::SlabTraits traits_;
  const model::SegmentShape segment_;  ///< all 0 for a slab of fixed capacity
  model::FirstFit<model::OrderedSlots> model_;
  /// Where the first slot of a segment lies, in order of installation; null until it was handed
  /// out.
  std::vector<std::byte*> first_slots_;
  std::vector<Held> held_;
  std::optional<Held> last_freed_;
  std::uint64_t next_serial_ = 1;
  std::array<std::uint64_t, 4> expected_reports_{};  ///< by `MisuseKind`
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_SLAB_EXERCISER_H_
