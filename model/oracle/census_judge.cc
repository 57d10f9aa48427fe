#include "model/oracle/census_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace slabproof::model {

CensusJudge::CensusJudge(const SlabSetup& setup, const SlabTraits& traits, std::size_t threads)
    : setup_(setup),
      traits_(traits),
      held_caches_(setup.family == SlabFamily::kCached ? threads : 0) {}

std::optional<Violation> CensusJudge::judge(const Census& census, BadPointers bad) const {
  if (auto violation = judge_sum(census.at_rest)) return violation;
  if (auto violation = judge_sum(census.after_ends)) return violation;
  if (auto violation = judge_rest(census, bad)) return violation;
  if (auto violation = judge_growth(census)) return violation;
  if (auto violation = judge_pointers(census, bad)) return violation;
  return judge_end(census);
}

std::optional<Violation> CensusJudge::judge_sum(const Counters& counters) const {
  const std::uint64_t slots = counters.segments * setup_.capacity;
  const std::uint64_t sum = counters.live + counters.free + counters.uncarved + counters.abandoned;
  if (sum == slots && counters.abandoned == 0) return std::nullopt;
  return fail(
      "C1", "S4",
      fmt::format("{} slots, but {} live, {} free, {} uncarved and {} abandoned ones.", slots,
                  counters.live, counters.free, counters.uncarved, counters.abandoned));
}

std::optional<Violation> CensusJudge::judge_rest(const Census& census, BadPointers bad) const {
  const Counters& rest = census.at_rest;
  const std::uint64_t accounted = census.held + rest.cached;
  // A bad pointer in a cache counts as cached, and is not a live block.
  const std::uint64_t in_caches = bad.offered - std::min(bad.offered, bad.handed_out);
  if (rest.live > accounted || rest.live + in_caches < accounted) {
    return fail(setup_.family == SlabFamily::kCached ? "C1" : "C3", "R2",
                fmt::format("{} blocks are live, but callers hold {} and caches {}.", rest.live,
                            census.held, rest.cached));
  }
  if (rest.cached > held_caches_ * traits_.cache_blocks + traits_.depot_blocks) {
    return fail("C2", "C2", fmt::format("{} blocks are in caches and the depot.", rest.cached));
  }
  const Counters& ended = census.after_ends;
  if (ended.live <= census.held + ended.cached) return std::nullopt;
  return fail("C3", "R2",
              fmt::format("What threads had has ended, and {} blocks are live, but callers hold {} "
                          "and the depot {}.",
                          ended.live, census.held, ended.cached));
}

std::optional<Violation> CensusJudge::judge_growth(const Census& census) const {
  const std::uint64_t needed = std::max<std::uint64_t>(
      setup_.initial_segments, (census.peak_live + setup_.capacity - 1) / setup_.capacity);
  if (census.segments == needed) return std::nullopt;
  return fail("C4", "S6",
              fmt::format("{} segments, but {} blocks were live at most: {} segments are needed.",
                          census.segments, census.peak_live, needed));
}

std::optional<Violation> CensusJudge::judge_pointers(const Census& census, BadPointers bad) const {
  if (census.misuse_events + bad.handed_out != bad.offered) {
    return fail(
        "C5", "R1",
        fmt::format("{} bad pointers were given back, of which {} were handed out again; {} "
                    "were counted.",
                    bad.offered, bad.handed_out, census.misuse_events));
  }
  if (census.corruption_events == census.misuse_events) return std::nullopt;
  return fail("S9", "S9", "A corrupt link was met, and nobody forged one.");
}

std::optional<Violation> CensusJudge::judge_end(const Census& census) const {
  if (census.live_end != 0) {
    return fail("C1", "R2", fmt::format("With all blocks back, {} are live.", census.live_end));
  }
  const std::uint64_t slots = census.segments * setup_.capacity;
  if (census.drained_blocks != slots || census.segments_after_drain != census.segments ||
      !census.drained_distinct) {
    return fail("C1", "R1",
                fmt::format("With all blocks back, {} of {} slots could be taken{}, and {} "
                            "segments became {}.",
                            census.drained_blocks, slots,
                            census.drained_distinct ? "" : ", some of them twice", census.segments,
                            census.segments_after_drain));
  }
  if (census.regions_still_mapped == 0) return std::nullopt;
  return fail("C3", "R2",
              fmt::format("{} regions outlived the slab.", census.regions_still_mapped));
}

std::optional<Violation> CensusJudge::fail(std::string_view of_caches, std::string_view of_owners,
                                           std::string message) const {
  return Violation{HistoryStatus::kViolates,
                   std::string(has_caches(setup_.family) ? of_caches : of_owners),
                   std::move(message), std::nullopt, std::nullopt};
}

}  // namespace slabproof::model
