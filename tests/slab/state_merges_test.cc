// Two executions that have come to one state go on alike: both are run on under the same choices,
// and each state on the way, and the end, must be the same.

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/campaign/judged_program.h"
#include "model/program/program.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/engine.h"
#include "model/search/explore.h"
#include "model/search/state_search.h"
#include "model/states/canonical_state.h"
#include "model/states/fingerprint.h"

namespace slabproof::testing {
namespace {

using model::Fingerprint;
using Choices = std::vector<std::size_t>;

/// One execution: what was chosen, and the states at which that was.
struct Walk {
  Choices choices;
  std::vector<Fingerprint> states;
  std::uint64_t segments = 0;
  std::uint64_t peak_live = 0;
};

/// Makes given choices first and then others at random, and notes each state.
class WalkScheduler final : public model::StateSearch {
 public:
  WalkScheduler(Choices first, unsigned seed) : first_(std::move(first)), random_(seed) {}

  bool compares_states() const override { return true; }
  void begin() override {}
  std::size_t choose_thread(const model::SchedulingPoint& at) override {
    EXPECT_EQ(state_.take(at), model::CanonicalState::Told::kWhole);
    walk.states.push_back(model::fingerprint_of(state_.words()));
    const std::size_t depth = walk.choices.size();
    walk.choices.push_back(depth < first_.size() ? first_[depth] : any_of(at.enabled));
    return walk.choices.back();
  }
  std::size_t choose_value(std::size_t /*count*/) override { return 0; }
  bool advance() override { return false; }
  model::StateCounts counts() const override { return {}; }
  bool has_left_out() const override { return false; }
  bool is_out_of_memory() const override { return false; }
  std::optional<model::Failure> missing_failure() override { return std::nullopt; }

  Walk walk;

 private:
  std::size_t any_of(model::ThreadSet set) {
    unsigned rest = set;
    for (auto skipped = random_() % static_cast<unsigned>(std::popcount(rest)); skipped != 0;
         --skipped) {
      rest &= rest - 1;
    }
    return static_cast<std::size_t>(std::countr_zero(rest));
  }

  const Choices first_;
  std::minstd_rand random_;
  model::CanonicalState state_{model::StateOptions{}};
};

Walk walk(model::JudgedProgram& program, Choices first, unsigned seed) {
  WalkScheduler scheduler(std::move(first), seed);
  model::ExploreOptions options;
  options.search = model::Search::kStates;
  options.states = &scheduler;
  options.run = model::slab_run_settings();
  const auto result = model::explore(program.execution(), options);
  EXPECT_FALSE(result.violation.has_value());
  scheduler.walk.segments = program.measures().segments;
  scheduler.walk.peak_live = program.measures().peak_live;
  return std::move(scheduler.walk);
}

/// The same choices after each of two beginnings.
void expect_alike(model::JudgedProgram& program, const Choices& one, const Choices& other,
                  unsigned seed) {
  const Walk a = walk(program, one, seed);
  const Walk b = walk(program, other, seed);
  EXPECT_EQ(
      std::vector(a.states.begin() + static_cast<std::ptrdiff_t>(one.size()), a.states.end()),
      std::vector(b.states.begin() + static_cast<std::ptrdiff_t>(other.size()), b.states.end()));
  EXPECT_EQ(a.segments, b.segments);
  EXPECT_EQ(a.peak_live, b.peak_live);
}

/// Looks for states that several walks have come to. The result is how many pairs went on.
std::size_t run_on_from_merges(const std::string& text, model::SlabSetup slab) {
  model::JudgedProgram program(slab, model::parse_program(text).value());
  std::map<Fingerprint, Choices> known;
  std::size_t pairs = 0;
  constexpr unsigned kWalks = 200;
  for (unsigned seed = 1; seed <= kWalks; ++seed) {
    const Walk found = walk(program, {}, seed);
    for (std::size_t depth = 0; depth < found.states.size(); ++depth) {
      const Choices choices(found.choices.begin(),
                            found.choices.begin() + static_cast<std::ptrdiff_t>(depth));
      const auto [place, is_new] = known.try_emplace(found.states[depth], choices);
      if (is_new || place->second == choices) continue;
      expect_alike(program, place->second, choices, seed + static_cast<unsigned>(depth));
      ++pairs;
    }
  }
  return pairs;
}

TEST(StateMerges, BothSidesGoOnAlike) {
  constexpr std::size_t kEnough = 20;
  EXPECT_GE(run_on_from_merges("a f | a f | a f", {.recheck_all = false}), kEnough);
  EXPECT_GE(run_on_from_merges("a f r | ! a f | a f", {}), kEnough);
  EXPECT_GE(run_on_from_merges("a2 F r | a2 F", {}), kEnough);
  EXPECT_GE(run_on_from_merges("a f a f | a a f@0 f", {.capacity = 2}), kEnough);
}

}  // namespace
}  // namespace slabproof::testing
