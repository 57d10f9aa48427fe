// The brute-force counter of execution graphs against a second reading of the standard, and against
// counts that are known.

#include "tests/support/graph_enumerator.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <ostream>
#include <string>

#include "tests/support/cpp_memory_model.h"
#include "tests/support/instructions.h"
#include "tests/support/random_small_program.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using enum std::memory_order;
using Kind = Instruction::Kind;

constexpr std::uint64_t kMaxCandidates = 20'000;

GraphEnumeration graphs_of(const SmallProgram& program, Axioms axioms = Axioms::kCpp20) {
  return enumerate_graphs(program, axioms, 10'000'000).value();
}

class GraphsOfRandomPrograms : public ::testing::TestWithParam<Flavour> {};

TEST_P(GraphsOfRandomPrograms, HaveTheOutcomesOfTheOtherReadingOfTheStandard) {
  constexpr std::uint32_t kPrograms = 300;
  std::uint32_t compared = 0;
  std::uint32_t of_rc11 = 0;
  std::uint64_t graphs = 0;
  for (std::uint32_t seed = 1; compared < kPrograms; ++seed) {
    const SmallProgram program =
        random_small_program({.flavour = GetParam(), .has_every_failure_order = true}, seed);
    const auto found = enumerate_graphs(program, Axioms::kCpp20, kMaxCandidates);
    if (!found) continue;
    ++compared;
    graphs += found->complete;
    ASSERT_EQ(found->outcomes, cpp_outcomes(program, LoadBuffering::kForbidden))
        << "seed " << seed << ": " << to_text(program);
    ASSERT_EQ(found->stuck, 0U);
    of_rc11 += enumerate_graphs(program, Axioms::kRc11, kMaxCandidates)->outcomes != found->outcomes
                   ? 1U
                   : 0U;
  }
  std::cout << compared << " programs, " << graphs
            << " graphs; other outcomes under RC11: " << of_rc11 << "\n";
}

std::string name_of(const ::testing::TestParamInfo<Flavour>& info) {
  constexpr std::array<const char*, 3> kNames = {"MixedOrders", "SeqCst", "Fences"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Flavours, GraphsOfRandomPrograms,
                         ::testing::Values(Flavour::kMixedOrders, Flavour::kSeqCst,
                                           Flavour::kFences),
                         name_of);

/// A program of which the literature says how many outcomes there are; its graphs are as many, as
/// each outcome says whom every read has read from.
struct Known {
  const char* name;
  SmallProgram program;
  std::uint64_t cpp20;
  std::uint64_t rc11;
};

void PrintTo(const Known& known, std::ostream* out) {
  *out << to_text(known.program);
}

class KnownGraphsTest : public ::testing::TestWithParam<Known> {};

TEST_P(KnownGraphsTest, AreCounted) {
  EXPECT_EQ(graphs_of(GetParam().program, Axioms::kCpp20).complete, GetParam().cpp20);
  EXPECT_EQ(graphs_of(GetParam().program, Axioms::kRc11).complete, GetParam().rc11);
}

SmallProgram store_buffering(std::memory_order writes, std::memory_order reads) {
  return {{store(x, 1, writes), load(y, reads)}, {store(y, 1, writes), load(x, reads)}};
}
SmallProgram independent_reads(std::memory_order writes, std::memory_order reads) {
  return {{store(x, 1, writes)},
          {store(y, 1, writes)},
          {load(x, reads), load(y, reads)},
          {load(y, reads), load(x, reads)}};
}

std::string name_of_known(const ::testing::TestParamInfo<Known>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Litmus, KnownGraphsTest,
    ::testing::Values(
        Known{"StoreBufferingReleaseAcquire", store_buffering(release, acquire), 4, 4},
        Known{"StoreBufferingSeqCst", store_buffering(seq_cst, seq_cst), 3, 3},
        Known{"StoreBufferingFences",
              {{store(x, 1, relaxed), kFence, load(y, relaxed)},
               {store(y, 1, relaxed), kFence, load(x, relaxed)}},
              3,
              3},
        Known{"StoreBufferingFenceAgainstAccesses",
              {{store(x, 1, relaxed), kFence, load(y, relaxed)},
               {store(y, 1, seq_cst), load(x, seq_cst)}},
              3,
              3},
        Known{"MessagePassingFences",
              {{store(x, 1, relaxed), fence(release), store(y, 1, relaxed)},
               {load(y, relaxed), fence(acquire), load(x, relaxed)}},
              3,
              3},
        Known{"MessagePassingReleaseFenceOnly",
              {{store(x, 1, relaxed), fence(release), store(y, 1, relaxed)},
               {load(y, relaxed), load(x, relaxed)}},
              4,
              4},
        Known{"IndependentReadsReleaseAcquire", independent_reads(release, acquire), 16, 16},
        Known{"IndependentReadsSeqCst", independent_reads(seq_cst, seq_cst), 15, 15},
        Known{"IndependentReadsOfRelaxedStores", independent_reads(relaxed, seq_cst), 15, 16},
        Known{"IndependentReadsFences",
              {{store(x, 1, relaxed)},
               {store(y, 1, relaxed)},
               {load(x, relaxed), kFence, load(y, relaxed)},
               {load(y, relaxed), kFence, load(x, relaxed)}},
              15,
              15},
        // From the first store to the last load of the second thread through a synchronisation.
        Known{"StoreBufferingAcrossASynchronisation",
              {{store(x, 1, seq_cst), store(y, 1, release)},
               {load(y, acquire), load(z, seq_cst)},
               {store(z, 1, seq_cst), load(x, seq_cst)}},
              7,
              7},
        Known{"TwoPlusTwoWritesRelaxed",
              {{store(x, 1, relaxed), store(y, 2, relaxed)},
               {store(y, 1, relaxed), store(x, 2, relaxed)}},
              4,
              4},
        Known{"TwoPlusTwoWritesSeqCst",
              {{store(x, 1, seq_cst), store(y, 2, seq_cst)},
               {store(y, 1, seq_cst), store(x, 2, seq_cst)}},
              3,
              3},
        Known{"ReleaseSequenceEndedByOwnStore",
              {{store(x, 1, relaxed), store(y, 1, release), store(y, 2, relaxed)},
               {load(y, acquire), load(x, relaxed)}},
              5,
              5},
        Known{"ThreeFences",
              {{load(x, relaxed), kFence, load(y, relaxed)},
               {store(y, 2, relaxed), kFence, load(x, relaxed), load(z, relaxed)},
               {store(z, 1, relaxed), kFence, store(x, 2, relaxed)}},
              13,
              13}),
    name_of_known);

// A total order of n read-modify-writes is all that their graph has.
TEST(GraphEnumerator, ReadModifyWritesOfOneAtomicAreInSomeOrder) {
  const GraphEnumeration found =
      graphs_of({{add_one(x, relaxed)}, {add_one(x, relaxed)}, {add_one(x, relaxed)}});
  EXPECT_EQ(found.complete, 6U);
  EXPECT_EQ(found.outcomes.size(), 6U);
}

// Two writes of one value are two sources.
TEST(GraphEnumerator, GraphsAreToldApartThatHaveOneOutcome) {
  const GraphEnumeration found =
      graphs_of({{store(x, 1, relaxed)}, {store(x, 1, relaxed)}, {load(x, relaxed)}});
  EXPECT_EQ(found.complete, 6U);
  EXPECT_EQ(found.outcomes.size(), 2U);
}

TEST(GraphEnumerator, LoadBufferingIsLeftOut) {
  const SmallProgram program = {{load(x, relaxed), store(y, 1, relaxed)},
                                {load(y, relaxed), store(x, 1, relaxed)}};
  EXPECT_EQ(graphs_of(program).complete, 3U);
  EXPECT_EQ(cpp_outcomes(program).size(), 4U);
}

// Lahav et al., figure 2 and section 1: with a read-modify-write as two nodes of the order of
// sequentially consistent operations, two of the outcomes are lost.
TEST(GraphEnumerator, HalvesOfAReadModifyWriteAreOneOperation) {
  const SmallProgram z6u = {{store(x, 1, seq_cst), store(y, 1, release)},
                            {add_one(y, seq_cst), load(y, relaxed)},
                            {store(y, 3, seq_cst), load(x, seq_cst)}};
  EXPECT_EQ(graphs_of(z6u).outcomes.size(), 20U);
}

TEST(GraphEnumerator, CriticalSectionsAreOrderedAndPublish) {
  const SmallProgram program = {{lock(0), read(0), write(0, 1), unlock(0)},
                                {lock(0), read(0), write(0, 2), unlock(0)},
                                {lock(0), read(0), write(0, 3), unlock(0)}};
  const GraphEnumeration found = graphs_of(program);
  EXPECT_EQ(found.complete, 6U);
  EXPECT_EQ(found.outcomes.size(), 6U);
  EXPECT_FALSE(found.has_race);
  EXPECT_EQ(found.stuck, 0U);
}

TEST(GraphEnumerator, OppositeLockOrdersAreStuckOnce) {
  const GraphEnumeration found = graphs_of(
      {{lock(0), lock(1), unlock(1), unlock(0)}, {lock(1), lock(0), unlock(0), unlock(1)}});
  EXPECT_EQ(found.complete, 2U);
  EXPECT_EQ(found.stuck, 1U);
}

TEST(GraphEnumerator, MutexThatIsKeptLetsNobodyIn) {
  const GraphEnumeration found = graphs_of({{lock(0)}, {lock(0), unlock(0)}, {lock(0), unlock(0)}});
  EXPECT_EQ(found.complete, 2U);
  EXPECT_EQ(found.stuck, 3U);
}

TEST(GraphEnumerator, AwaitOfTheLastValueEnds) {
  const GraphEnumeration found =
      graphs_of({{write(0, 1), store(x, 1, release)}, {await(x, 1), read(0)}});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.stuck, 0U);
  EXPECT_FALSE(found.has_race);
}

TEST(GraphEnumerator, AwaitOfAValueThatIsOverwrittenMayBeStuck) {
  const GraphEnumeration found =
      graphs_of({{store(x, 1, relaxed), store(x, 2, relaxed)}, {await(x, 1)}});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.stuck, 1U);
}

TEST(GraphEnumerator, RaceBeforeAnEndlessWaitIsSeen) {
  const SmallProgram program = {{write(0, 1), await(x, 1)}, {write(0, 2)}};
  const GraphEnumeration found = graphs_of(program);
  EXPECT_EQ(found.complete, 0U);
  EXPECT_EQ(found.stuck, 1U);
  EXPECT_TRUE(found.has_race);
}

TEST(GraphEnumerator, FailedExchangeHasItsOwnOrder) {
  const auto program = [](std::memory_order failure) {
    return SmallProgram{{store(y, 1, relaxed), store(x, 5, release)},
                        {{Kind::kStrongCas, x, release, 9, failure}, load(y, relaxed)}};
  };
  EXPECT_EQ(graphs_of(program(relaxed)).complete, 4U);
  EXPECT_EQ(graphs_of(program(acquire)).complete, 3U);
}

TEST(GraphEnumerator, ProgramWithTooManyCandidatesIsGivenUp) {
  const SmallProgram program = {{store(x, 1, relaxed), store(x, 2, relaxed)}, {load(x, relaxed)}};
  EXPECT_TRUE(enumerate_graphs(program, Axioms::kCpp20, 6).has_value());
  EXPECT_FALSE(enumerate_graphs(program, Axioms::kCpp20, 5).has_value());
}

}  // namespace
}  // namespace slabproof::testing
