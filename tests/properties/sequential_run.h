#ifndef SLABPROOF_TESTS_PROPERTIES_SEQUENTIAL_RUN_H_
#define SLABPROOF_TESTS_PROPERTIES_SEQUENTIAL_RUN_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/slab/any_slab.h"
#include "tests/properties/operation.h"
#include "tests/properties/slab_model.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {

/// What went wrong, as a sentence that begins with the property's id; nothing where all is well.
using Complaint = std::optional<std::string>;

/// A slab that carries out operations, and the judge that compares it with the model.
class SequentialRun {
 public:
  SequentialRun(const SlabKind& subject, const Setup& setup);
  ~SequentialRun();
  SequentialRun(const SequentialRun&) = delete;
  SequentialRun& operator=(const SequentialRun&) = delete;

  /// What construction has to show.
  [[nodiscard]] Complaint judge_construction(const SlabModel& model) const;
  /// Carries out an operation, where `before` is the model's state before it.
  [[nodiscard]] Complaint step(const SlabModel& before, Operation operation);
  /// Gives everything back, takes every slot once more, gives everything back again, and destroys
  /// the slab. To be called once, last, if there was no complaint.
  [[nodiscard]] Complaint finish(SlabModel model);

 private:
  using Slot = SlabModel::Slot;
  using Prediction = SlabModel::Prediction;

  /// What is known about the memory of a segment.
  struct SegmentView {
    std::byte* first_slot = nullptr;      ///< null until one of its blocks was seen
    std::vector<std::uint8_t> filled_by;  ///< what a block held was filled with, by slot
  };

  [[nodiscard]] Complaint perform(const SlabModel& before, const Prediction& expected,
                                  Operation operation);
  [[nodiscard]] std::expected<std::size_t, model::Refusal> call_allocate(
      Operation operation, std::vector<model::BlockView>& blocks);
  [[nodiscard]] Complaint allocate(const Prediction& expected, Operation operation);
  [[nodiscard]] Complaint create(const Prediction& expected, Operation operation);
  [[nodiscard]] Complaint free_blocks(const Prediction& expected, Operation operation);
  [[nodiscard]] Complaint free_bad_pointer(const SlabModel& before, Operation operation);
  [[nodiscard]] Complaint query(const SlabModel& before, std::uint32_t position);
  [[nodiscard]] Complaint trim(const Prediction& expected);
  void tamper(const SlabModel& before, Operation operation);

  [[nodiscard]] Complaint receive(model::BlockView block, Slot slot, std::size_t least_size);
  [[nodiscard]] Complaint receive_address(std::byte* data, Slot slot);
  [[nodiscard]] Complaint release(Slot slot, std::byte** data);
  void fill(std::byte* data, std::uint8_t value) const;
  [[nodiscard]] bool is_filled(const std::byte* data, std::uint8_t value) const;
  [[nodiscard]] std::byte* address_of(Slot slot) const;
  [[nodiscard]] Complaint compare(const model::Counters& expected) const;
  [[nodiscard]] Complaint judge_costs(const Prediction& expected, Operation operation) const;

  const SlabKind& kind_;
  std::uint32_t capacity_;
  std::int64_t regions_before_;
  model::OwnedSlab slab_;
  model::OwnedSlab other_slab_;  ///< source of foreign blocks
  std::byte* foreign_block_ = nullptr;
  std::vector<SegmentView> views_;
  std::uint8_t next_fill_ = 1;
};

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SEQUENTIAL_RUN_H_
