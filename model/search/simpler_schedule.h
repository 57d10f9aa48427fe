#ifndef SLABPROOF_MODEL_SEARCH_SIMPLER_SCHEDULE_H_
#define SLABPROOF_MODEL_SEARCH_SIMPLER_SCHEDULE_H_

#include <compare>
#include <cstddef>
#include <functional>

#include "model/search/explore.h"
#include "model/search/failure.h"
#include "model/search/schedule.h"

namespace slabproof::model {

/// What makes a schedule hard to follow, the worst first.
struct ScheduleComplexity {
  std::size_t old_values = 0;  ///< choices of another value, or place in coherence, than the newest
  std::size_t switches = 0;    ///< from one thread to another
  std::size_t choices = 0;

  friend auto operator<=>(const ScheduleComplexity&, const ScheduleComplexity&) = default;
};
[[nodiscard]] ScheduleComplexity complexity_of(const Schedule& schedule);

/// Runs a schedule with `ExploreOptions::adapts_schedule`, and without a trace.
using AdaptedReplay = std::function<ExploreResult(const Schedule&)>;

/// Makes a failing schedule less complex as long as it fails in the same way: with the same defect
/// and label, at the same place or, where none is known, with the same message.
///
/// What a thread does between two switches is moved to what it does before or after that, or left
/// to the end, reads are moved to before what is newer, and schedules are cut short, one such thing
/// at a time, until none of that helps or `seconds` have passed. So no single such thing makes the
/// result simpler, which is not to say that no simpler schedule fails. The result is a schedule
/// that `replay` has run, or `schedule` itself.
[[nodiscard]] Schedule simpler_schedule(Schedule schedule, const Failure& failure,
                                        const AdaptedReplay& replay, double seconds);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_SIMPLER_SCHEDULE_H_
