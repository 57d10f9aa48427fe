// The search of execution graphs against brute force on random small programs: atomics of every
// order, read-modify-writes, fences, mutexes (nested, so that some programs deadlock), plain
// variables (so that some race) and awaits. Where nothing goes wrong the outcomes are those that
// the axioms allow, and there are as many executions as consistent graphs, none of them twice.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <tuple>

#include "tests/checker/graph_findings.h"
#include "tests/support/graph_enumerator.h"
#include "tests/support/random_small_program.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::MemoryModel;

/// Bounds the brute force; a program that has more candidates is not compared.
constexpr std::uint64_t kMaxCandidates = 20'000;

/// For each parameter; in the environment, so that the deep test compares more.
std::uint32_t programs_to_compare() {
  const char* const count = std::getenv("SLABPROOF_RANDOM_PROGRAMS");
  constexpr std::uint32_t kDefault = 60;
  return count != nullptr ? static_cast<std::uint32_t>(std::stoul(count)) : kDefault;
}

struct Totals {
  std::uint32_t compared = 0;
  std::uint32_t racy = 0;
  std::uint32_t stuck = 0;
  std::uint64_t graphs = 0;
  std::uint64_t blocked = 0;
};

void compare(const SmallProgram& program, const GraphEnumeration& known, MemoryModel model,
             Totals& totals) {
  const GraphFindings found = find_graphs(program, model);
  ++totals.compared;
  const bool is_stuck =
      found.violations.contains(Defect::kDeadlock) || found.violations.contains(Defect::kLivelock);
  const std::string failure =
      found.result.violation ? to_text(*found.result.violation) : std::string();
  SCOPED_TRACE(failure);
  ASSERT_NE(found.result.verdict, model::Verdict::kUnsupported);
  ASSERT_EQ(found.repeated, 0U);
  ASSERT_EQ(found.violations.contains(Defect::kDataRace), known.has_race);
  if (known.has_race) {
    ++totals.racy;
    return;
  }
  ASSERT_EQ(found.outcomes, known.outcomes);
  ASSERT_EQ(found.complete, known.complete);
  ASSERT_EQ(is_stuck, known.stuck != 0);
  totals.stuck += is_stuck ? 1 : 0;
  totals.graphs += found.complete;
  totals.blocked += found.result.redundant;
}

using Parameters = std::tuple<RandomShape, MemoryModel>;
class GraphRandomTest : public ::testing::TestWithParam<Parameters> {};

TEST_P(GraphRandomTest, GraphsAreThoseOfBruteForce) {
  const auto& [shape, model] = GetParam();
  const Axioms axioms = model == MemoryModel::kCpp20 ? Axioms::kCpp20 : Axioms::kRc11;
  Totals totals;
  std::uint32_t seed = 0;
  while (totals.compared < programs_to_compare()) {
    const SmallProgram program = random_small_program(shape, ++seed);
    const auto known = enumerate_graphs(program, axioms, kMaxCandidates);
    if (!known) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(program));
    compare(program, *known, model, totals);
    if (HasFatalFailure()) return;
  }
  std::cout << "seeds 1 to " << seed << ": " << totals.compared << " programs, " << totals.racy
            << " with data races, " << totals.stuck << " that stand still, " << totals.graphs
            << " graphs, " << totals.blocked << " blocked\n";
}

std::string name_of(const ::testing::TestParamInfo<Parameters>& info) {
  constexpr std::array kNames{"MixedOrders", "SeqCst", "Fences", "Locks", "Races"};
  const auto& [shape, model] = info.param;
  std::string name = kNames[static_cast<std::size_t>(shape.flavour)];
  if (shape.has_awaits) name += "AndAwaits";
  return name + (model == MemoryModel::kCpp20 ? "UnderCpp20" : "UnderRc11");
}

constexpr std::array kShapes{
    RandomShape{.flavour = Flavour::kMixedOrders, .has_every_failure_order = true},
    RandomShape{.flavour = Flavour::kSeqCst, .has_every_failure_order = true},
    // Half of these are fences.
    RandomShape{.flavour = Flavour::kFences, .longest_of_two = 7, .longest_of_three = 6},
    RandomShape{.flavour = Flavour::kLocks},
    RandomShape{.flavour = Flavour::kRaces},
    RandomShape{.flavour = Flavour::kMixedOrders, .has_awaits = true},
    RandomShape{.flavour = Flavour::kFences,
                .longest_of_two = 6,
                .longest_of_three = 5,
                .has_awaits = true},
    RandomShape{.flavour = Flavour::kLocks, .has_awaits = true},
};

INSTANTIATE_TEST_SUITE_P(Shapes, GraphRandomTest,
                         ::testing::Combine(::testing::ValuesIn(kShapes),
                                            ::testing::Values(MemoryModel::kCpp20,
                                                              MemoryModel::kRc11)),
                         name_of);

}  // namespace
}  // namespace slabproof::testing
