#ifndef SLABPROOF_FUZZ_SCHEDULE_NEIGHBOUR_SCHEDULES_H_
#define SLABPROOF_FUZZ_SCHEDULE_NEIGHBOUR_SCHEDULES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/engine/fuzz_target.h"
#include "model/search/choice_schedulers.h"
#include "model/search/scheduler.h"

namespace slabproof::fuzz {

/// A moment of an execution at which more than one thing could happen next.
struct ChoicePoint {
  std::uint8_t alternatives = 2;
  std::uint8_t taken = 0;

  friend bool operator==(const ChoicePoint&, const ChoicePoint&) = default;
};

/// Runs the schedule of a byte string as `model::BytesScheduler` does, and remembers what there was
/// to choose from: the nth byte is the choice at the nth point.
class RecordingScheduler final : public model::Scheduler {
 public:
  /// `choices` must outlive the execution; `points` too, and is cleared when it begins.
  RecordingScheduler(Bytes choices, std::vector<ChoicePoint>& points) noexcept
      : bytes_(choices), points_(points) {}

  void begin() override {
    bytes_.begin();
    points_.clear();
  }
  [[nodiscard]] std::size_t choose_thread(const model::SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool advance() override { return false; }

 private:
  model::BytesScheduler bytes_;
  std::vector<ChoicePoint>& points_;
};

/// The schedules that are run beside one that a byte string describes. Each does the same up to one
/// choice point, takes another alternative there, and goes on with the bytes that follow. Their
/// points differ, so no two of these schedules are the same, and none is the first one.
///
/// To prepare an input, to collect its coverage and to choose the next one costs as much as two or
/// three executions do: a handful for each input makes the most of it.
class NeighbourSchedules {
 public:
  static constexpr std::size_t kMax = 7;

  /// Of the schedule `choices`, which had these points when it was run. Both must outlive this.
  NeighbourSchedules(Bytes choices, std::span<const ChoicePoint> points) noexcept;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// The byte string of one neighbour, less than `count()`; `result` is overwritten.
  void write(std::size_t neighbour, Input& result) const;

 private:
  Bytes choices_;
  std::span<const ChoicePoint> points_;
  std::size_t count_;
  std::uint64_t hash_;  // of the choices: which points are deviated from, and how
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SCHEDULE_NEIGHBOUR_SCHEDULES_H_
