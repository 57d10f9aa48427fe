#ifndef SLABPROOF_FUZZ_SCHEDULE_SCHEDULE_INPUT_H_
#define SLABPROOF_FUZZ_SCHEDULE_SCHEDULE_INPUT_H_

#include <cstdint>

#include "fuzz/engine/fuzz_target.h"
#include "model/program/program.h"
#include "model/program/slab_setup.h"

namespace slabproof::fuzz {

/// A small program, the slab that it runs on, and the choices of a schedule.
///
/// As bytes: how the slab is (bit 0: phase 3 looks at new segments only; bit 1: slot states; bits 2
/// and 3: capacity less one; bits 4 and 5: initial segments; bit 6: `alone`; bit 7: it is not
/// shared), where it is not shared a byte that says of which family it is (bits 0 and 1) and what
/// moves together (bit 2), how many bytes the program has, the program as
/// `model::program_from_bytes` reads it, and then one byte for each choice where there are
/// alternatives: which thread makes the next step, and which value a relaxed load reads. Every byte
/// string is such an input.
struct ScheduleInput {
  /// Within these, an execution takes microseconds, and the reports stay readable.
  static constexpr std::size_t kMaxThreads = 4;
  static constexpr std::size_t kMaxOps = 6;
  static constexpr std::uint8_t kMaxBatch = 4;

  model::SlabSetup slab;
  /// Whether the schedule is run without its neighbours (neighbour_schedules.h).
  bool alone = false;
  model::Program program;
  Input choices;

  friend bool operator==(const ScheduleInput&, const ScheduleInput&) = default;
};

[[nodiscard]] ScheduleInput schedule_input_from_bytes(Bytes input);
[[nodiscard]] Input to_bytes(const ScheduleInput& input);

/// One to four edits of an operation, of a thread, of the slab or of the choices.
[[nodiscard]] ScheduleInput mutate(ScheduleInput input, Random& random);
/// The program of either, threads of both, choices of both.
[[nodiscard]] ScheduleInput cross(const ScheduleInput& first, const ScheduleInput& second,
                                  Random& random);
/// Without a thread, without an operation, with a simpler one; with fewer or lower choices.
[[nodiscard]] std::vector<ScheduleInput> simpler(const ScheduleInput& input);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SCHEDULE_SCHEDULE_INPUT_H_
