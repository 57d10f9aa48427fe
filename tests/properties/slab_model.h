#ifndef SLABPROOF_TESTS_PROPERTIES_SLAB_MODEL_H_
#define SLABPROOF_TESTS_PROPERTIES_SLAB_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/oracle/first_fit.h"
#include "model/slab/any_slab.h"
#include "tests/properties/operation.h"

namespace slabproof::properties {

/// How a slab of a sequential property is constructed.
struct Setup {
  std::string subject;  ///< name of the instantiation
  std::uint32_t capacity = 1;
  std::uint32_t initial = 0;          ///< initial segments asked for
  std::uint32_t granted_initial = 0;  ///< how many of them the backing grants

  friend bool operator==(const Setup&, const Setup&) = default;
};

/// The sequential specification of a slab, fixed or growable: it predicts of each operation which
/// slots it hands out, what it refuses, how often it takes the lock, and all counters afterwards.
/// Slots are named by number; it knows no addresses.
///
/// To the rule of `FirstFit` it adds what surrounds it: refusals, overwritten links, blocks held.
class SlabModel {
 public:
  using Slot = model::SlotName;

  /// What an operation is going to do.
  struct Prediction {
    std::vector<Slot> handed_out;
    std::vector<Slot> given_back;  ///< slots whose blocks are given back, in that order
    std::optional<model::Refusal> refusal;
    std::uint64_t sections = 1;       ///< lock acquisitions of an allocation that needs no growth
    std::uint64_t growth_rounds = 0;  ///< each is one lock acquisition more
    std::uint64_t installed = 0;      ///< segments added
    std::vector<std::uint32_t> trimmed;
  };

  SlabModel(const model::SlabTraits& traits, const Setup& setup);

  /// Whether the operation means something now: the slot that it names exists, its outcome is
  /// determined, and what is live stays within the memory that a test may use.
  [[nodiscard]] bool allows(Operation operation) const;
  /// Requires `allows(operation)`.
  Prediction apply(Operation operation);

  /// The blocks held, oldest first.
  [[nodiscard]] const std::vector<Slot>& held() const { return held_; }
  [[nodiscard]] const model::Counters& counters() const { return counters_; }
  [[nodiscard]] std::uint32_t capacity() const { return slots_.capacity(); }
  [[nodiscard]] std::optional<model::Refusal> construction_error() const {
    return construction_error_;
  }
  /// Segments that growth must come to: max(initial, ceil(peak live / capacity)) (property S6),
  /// which holds as long as no slot was abandoned.
  [[nodiscard]] std::uint64_t exact_segments() const;

  // The slots that an operation's argument names.
  [[nodiscard]] Slot held_from_newest(std::uint32_t position) const {
    return held_[held_.size() - 1 - position];
  }
  [[nodiscard]] std::optional<Slot> slot_to_free_again(std::uint32_t choice) const;
  [[nodiscard]] std::optional<Slot> slot_never_carved(std::uint32_t choice) const;
  /// The free slot whose link `kTamper` overwrites.
  [[nodiscard]] std::optional<Slot> slot_to_tamper(std::uint32_t choice) const;
  /// The slot handed out next, where its link can be forged so that the forgery must be seen, and
  /// a live slot of that segment.
  [[nodiscard]] std::optional<std::pair<Slot, Slot>> slot_to_forge() const;
  [[nodiscard]] std::uint32_t carved(std::uint32_t segment) const {
    return slots_.slots_of(segment).carved();
  }

  static constexpr std::uint32_t kTamperings = 4;

 private:
  void take(std::size_t wanted, Prediction& prediction);
  void allocate(std::size_t wanted, Prediction& prediction);
  [[nodiscard]] bool next_growth_is_refused();
  void give_back(std::size_t position, Prediction& prediction);
  void trim(Prediction& prediction);
  void count_sums();
  [[nodiscard]] bool affords(std::uint64_t blocks) const;

  model::SlabTraits traits_;
  std::uint32_t initial_segments_;
  std::optional<model::Refusal> construction_error_;
  model::FirstFit<model::TamperedSlots> slots_;
  std::vector<bool> address_known_;  ///< by segment: a slot was handed out at some time
  std::vector<Slot> held_;
  model::Counters counters_;
  std::uint64_t refuse_any_ = 0;
  std::uint64_t refuse_segment_ = 0;
};

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SLAB_MODEL_H_
