#include "fuzz/schedule/decision_points.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "fuzz/engine/landmarks.h"

namespace slabproof::fuzz {
namespace {

using model::BackingEvent;
using model::History;
using model::Op;
using model::OpId;
using model::OpRecord;

/// What one critical section was, to the growth algorithm.
enum class Section : std::uint8_t {
  kHit,            ///< phase 1 served
  kMiss,           ///< phase 1 found every slot live
  kWon,            ///< phase 3 installed the new segment
  kLost,           ///< phase 3 found a slot, and the new segment went
  kRefusedServed,  ///< phase 3 after a refusal found a slot
  kRefusedFailed,  ///< phase 3 after a refusal found none
  kFree,
  kTrim,
  kOther,
};

const Landmark kRaceWon("a race won: the new segment was installed");
const Landmark kRaceLost("a race lost: a slot had appeared, and the new segment went");
const Landmark kRefusalSurvived("a refusal survived: a slot had appeared");
const Landmark kRefusalFailed("a refusal that failed the allocation");
const Landmark kTwoGrowers("two growers at once");
const Landmark kThreeGrowers("three growers at once");
const Landmark kFourGrowers("four growers or more at once");
const Landmark kFreeDuringGrowth("a free while another thread grows");
const Landmark kTrimDuringGrowth("a trim while another thread grows");
const Landmark kDirectoryLost("a directory extent that was not needed any more");
const Landmark kGrowthAfterRelease("a race won after another was lost");
const Landmark kOverGrowthByOne("over-growth by one");
const Landmark kOverGrowthByMore("over-growth by two or more");
const Landmark kGift("a block that went from one thread to another");
const Landmark kBadPointer("a bad pointer");
const Landmark kCaches("a slab with caches");
const Landmark kStockAtTheEnd("blocks in a cache or the depot at the end");
const Landmark kRemotes("an owner and its remotes");
const Landmark kGivenBack("a block that the owner did not take any more");

/// What the history says of one operation.
struct Facts {
  const OpRecord* record = nullptr;
  std::uint32_t sections = 0;
  std::uint32_t segments_granted = 0;
  std::uint32_t segments_released = 0;
  std::uint32_t directories_granted = 0;
  std::uint32_t directories_released = 0;
  std::uint32_t refused = 0;
};

class Decisions {
 public:
  explicit Decisions(const History& history) : history_(history) {
    for (const OpRecord& record : history.all_ops()) facts(record.id).record = &record;
    for (const auto& acquisition : history.all_acquisitions()) {
      if (acquisition.op != model::kNoOp) ++facts(acquisition.op).sections;
    }
    for (const BackingEvent& event : history.all_backing_events()) {
      if (event.op != model::kNoOp) count(facts(event.op), event);
    }
  }

  void reach() {
    std::array<std::uint32_t, History::kMaxOps> seen{};
    std::uint64_t before = 0;
    std::uint64_t growers = 0;
    for (const auto& acquisition : history_.all_acquisitions()) {
      if (acquisition.op == model::kNoOp) continue;
      const Facts& fact = facts(acquisition.op);
      const std::uint32_t nth = seen[index(acquisition.op)]++;
      const Section section = section_of(fact, nth);
      if (nth != 0 && is_allocation(fact) && growers != 0) --growers;
      note(section, fact, growers);
      const std::uint64_t situation =
          (static_cast<std::uint64_t>(section) * 8 + std::min<std::uint64_t>(growers, 7)) * 4 +
          std::min<std::uint32_t>(nth, 3);
      reach_situation(mix(situation));
      reach_situation(mix(before << 16 | situation));
      before = situation;
      const bool goes_on = is_allocation(fact) && nth + 1 < fact.sections;
      if (goes_on) ++growers;
    }
  }

 private:
  static std::size_t index(OpId id) { return id.thread * model::kMaxOpsPerThread + id.op; }
  Facts& facts(OpId id) { return facts_[index(id)]; }

  static std::uint64_t mix(std::uint64_t word) { return word * 0x9e3779b97f4a7c15 >> 40; }

  static void count(Facts& fact, const BackingEvent& event) {
    switch (event.kind) {
      case BackingEvent::Kind::kGranted:
        ++(event.is_segment ? fact.segments_granted : fact.directories_granted);
        return;
      case BackingEvent::Kind::kReleased:
        ++(event.is_segment ? fact.segments_released : fact.directories_released);
        return;
      case BackingEvent::Kind::kRefused:
        ++fact.refused;
        return;
      case BackingEvent::Kind::kDiscarded:
        return;
    }
  }

  static bool is_allocation(const Facts& fact) {
    return fact.record != nullptr && model::allocates(fact.record->op);
  }

  static Section section_of(const Facts& fact, std::uint32_t nth) {
    if (fact.record == nullptr) return Section::kOther;
    switch (model::traits_of(fact.record->op).effect) {
      case model::Effect::kAllocate:
        break;
      case model::Effect::kFree:
        return Section::kFree;
      case model::Effect::kTrim:
        return Section::kTrim;
      default:
        return Section::kOther;
    }
    if (nth == 0) return fact.sections == 1 ? Section::kHit : Section::kMiss;
    if (nth + 1 < fact.sections) return Section::kWon;  // a batch that goes on has installed one
    if (fact.refused != 0) {
      return fact.record->failed ? Section::kRefusedFailed : Section::kRefusedServed;
    }
    return fact.segments_released != 0 ? Section::kLost : Section::kWon;
  }

  void note(Section section, const Facts& fact, std::uint64_t growers) {
    switch (section) {
      case Section::kWon:
        kRaceWon.reach();
        if (lost_) kGrowthAfterRelease.reach();
        break;
      case Section::kLost:
        kRaceLost.reach();
        lost_ = true;
        break;
      case Section::kRefusedServed:
        kRefusalSurvived.reach();
        break;
      case Section::kRefusedFailed:
        kRefusalFailed.reach();
        break;
      case Section::kMiss:
        if (growers == 1) kTwoGrowers.reach();
        if (growers == 2) kThreeGrowers.reach();
        if (growers >= 3) kFourGrowers.reach();
        break;
      case Section::kFree:
        if (growers != 0) kFreeDuringGrowth.reach();
        break;
      case Section::kTrim:
        if (growers != 0) kTrimDuringGrowth.reach();
        break;
      case Section::kHit:
      case Section::kOther:
        break;
    }
    if (fact.directories_released != 0) kDirectoryLost.reach();
    if (fact.record != nullptr && fact.record->refused_pointers != 0) kBadPointer.reach();
  }

  const History& history_;
  std::array<Facts, History::kMaxOps> facts_{};
  bool lost_ = false;
};

/// Which lock was taken in which operation, after which other one.
void reach_locks(const History& history) {
  std::uint64_t before = 0;
  for (const auto& acquisition : history.all_acquisitions()) {
    const std::uint64_t now = acquisition.mutex * 64U + acquisition.op.thread * 8U + 1;
    reach_situation(before << 16 | now);
    before = now;
  }
}

void reach_fast_paths(const History& history, model::SlabFamily family) {
  if (model::has_caches(family)) {
    kCaches.reach();
    if (history.census.at_rest.cached != 0) kStockAtTheEnd.reach();
    return reach_locks(history);
  }
  kRemotes.reach();
  std::uint64_t held = 0;
  for (const OpRecord& record : history.all_ops()) {
    if (record.skipped) continue;
    if (model::allocates(record.op)) held += record.block_count;
    if (model::traits_of(record.op).effect == model::Effect::kFree) held -= record.block_count;
  }
  if (history.census.held > held) kGivenBack.reach();
  reach_situation(history.census.held << 16 | history.census.peak_live << 8 | held);
}

}  // namespace

void reach_decision_points(const History& history, model::SlabFamily family,
                           std::uint64_t over_growth) {
  if (family != model::SlabFamily::kShared) {
    reach_fast_paths(history, family);
  } else {
    Decisions(history).reach();
  }
  if (over_growth == 1) kOverGrowthByOne.reach();
  if (over_growth > 1) kOverGrowthByMore.reach();
  for (const OpRecord& record : history.all_ops()) {
    if (record.op.kind == Op::Kind::kTake && !record.skipped) kGift.reach();
  }
}

}  // namespace slabproof::fuzz
