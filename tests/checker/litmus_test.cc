// What the model checker's memory model allows, on the litmus tests that the literature uses, by
// exhaustive search and by the reduction: both must find the same outcomes and the same
// Mazurkiewicz traces. What C++20 allows is computed apart from it. Where Relacy allows less or
// more, the test's name says so: such a program is judged for Relacy's model and not for C++20's.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>

#include "tests/checker/graph_findings.h"
#include "tests/support/cpp_memory_model.h"
#include "tests/support/graph_enumerator.h"
#include "tests/support/instructions.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::Search;
using enum std::memory_order;
using Kind = Instruction::Kind;

/// A compare-exchange that finds another value than it expects.
Instruction failing_cas(std::uint8_t object) {
  return {Kind::kStrongCas, object, relaxed, 9};
}

/// Of the brute force; more than any of these programs has.
constexpr std::uint64_t kMaxCandidates = 10'000'000;

struct Litmus {
  std::string name;
  SmallProgram program;
  std::size_t outcomes;      ///< that Relacy's model allows
  std::size_t cpp_outcomes;  ///< that C++20 allows
  std::uint64_t all;         ///< executions of the exhaustive search
  std::uint64_t reduced;     ///< executions of the reduction
};

void PrintTo(const Litmus& litmus, std::ostream* out) {
  *out << to_text(litmus.program);
}

class LitmusTest : public ::testing::TestWithParam<Litmus> {
 protected:
  static Findings find(const SmallProgram& program, Search search) {
    model::ExploreOptions options;
    options.search = search;
    options.run.refuse_unmodelled = false;  // some of the tests show why it is refused
    return find_all(program, options);
  }
};

TEST_P(LitmusTest, ExhaustiveSearchFindsTheKnownOutcomes) {
  const Findings all = find(GetParam().program, Search::kFull);
  EXPECT_EQ(all.outcomes.size(), GetParam().outcomes);
  EXPECT_EQ(all.result.executions, GetParam().all);
  EXPECT_TRUE(all.violations.empty());
}

TEST_P(LitmusTest, ReductionFindsTheSameOutcomesAndTraces) {
  const Findings all = find(GetParam().program, Search::kFull);
  const Findings reduced = find(GetParam().program, Search::kDpor);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  EXPECT_EQ(reduced.traces, all.traces);
}

TEST_P(LitmusTest, ReductionRepeatsNothing) {
  const Findings reduced = find(GetParam().program, Search::kDpor);
  EXPECT_EQ(reduced.result.executions, GetParam().reduced);
  EXPECT_EQ(reduced.result.redundant, 0U);
  EXPECT_EQ(reduced.repeated, 0U);
}

TEST_P(LitmusTest, NameSaysHowItDiffersFromCpp) {
  const Litmus& litmus = GetParam();
  const bool misses = litmus.name.find("MissesSome") != std::string::npos;
  const bool exceeds = litmus.name.find("AllowsTooMuch") != std::string::npos;
  const std::set<std::string> cpp = cpp_outcomes(litmus.program);
  const std::set<std::string> found = find(litmus.program, Search::kDpor).outcomes;
  EXPECT_EQ(cpp.size(), litmus.cpp_outcomes);
  EXPECT_EQ(misses, !std::ranges::includes(found, cpp));
  EXPECT_EQ(exceeds, !std::ranges::includes(cpp, found));
}

std::string name_of(const ::testing::TestParamInfo<Litmus>& info) {
  return info.param.name;
}

/// What only values out of thin air or a cycle of program order and reads-from give is left out.
TEST_P(LitmusTest, ExecutionGraphsAreThoseThatTheStandardAllows) {
  const GraphFindings found = find_graphs(GetParam().program, model::MemoryModel::kCpp20);
  const auto known = enumerate_graphs(GetParam().program, Axioms::kCpp20, kMaxCandidates);
  ASSERT_TRUE(known);
  EXPECT_EQ(found.outcomes, cpp_outcomes(GetParam().program, LoadBuffering::kForbidden));
  EXPECT_EQ(found.complete, known->complete);
  EXPECT_EQ(found.repeated, 0U);
  EXPECT_EQ(found.result.redundant, 0U);
  EXPECT_EQ(found.result.verdict, model::Verdict::kHolds);
}

TEST_P(LitmusTest, ExecutionGraphsUnderRc11AreThoseOfItsAxioms) {
  const GraphFindings found = find_graphs(GetParam().program, model::MemoryModel::kRc11);
  const auto known = enumerate_graphs(GetParam().program, Axioms::kRc11, kMaxCandidates);
  ASSERT_TRUE(known);
  EXPECT_EQ(found.outcomes, known->outcomes);
  EXPECT_EQ(found.complete, known->complete);
  EXPECT_EQ(found.repeated, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    StoreBuffering, LitmusTest,
    ::testing::Values(
        Litmus{"Relaxed",
               {{store(x, 1, relaxed), load(y, relaxed)}, {store(y, 1, relaxed), load(x, relaxed)}},
               4,
               4,
               64,
               8},
        Litmus{"ReleaseAcquire",
               {{store(x, 1, release), load(y, acquire)}, {store(y, 1, release), load(x, acquire)}},
               4,
               4,
               64,
               8},
        Litmus{"SeqCst",
               {{store(x, 1, seq_cst), load(y, seq_cst)}, {store(y, 1, seq_cst), load(x, seq_cst)}},
               3,
               3,
               20,
               3},
        Litmus{"SeqCstFences",
               {{store(x, 1, relaxed), kFence, load(y, relaxed)},
                {store(y, 1, relaxed), kFence, load(x, relaxed)}},
               3,
               3,
               130,
               6},
        Litmus{"FailingCompareExchangeMissesSome",
               {{store(x, 1, relaxed), failing_cas(y)}, {store(y, 1, relaxed), failing_cas(x)}},
               3,
               4,
               20,
               3},
        Litmus{"FenceAgainstSeqCstAccessesAllowsTooMuch",
               {{store(x, 1, relaxed), kFence, load(y, relaxed)},
                {store(y, 1, seq_cst), load(x, seq_cst)}},
               4,
               3,
               122,
               8},
        Litmus{"FenceThenSeqCstLoadAllowsTooMuch",
               {{store(x, 1, relaxed), kFence, load(y, seq_cst)},
                {store(y, 1, seq_cst), load(x, seq_cst)}},
               4,
               3,
               66,
               5}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    MessagePassing, LitmusTest,
    ::testing::Values(
        Litmus{"Relaxed",
               {{store(x, 1, relaxed), store(y, 1, relaxed)}, {load(y, relaxed), load(x, relaxed)}},
               4,
               4,
               44,
               7},
        Litmus{"ReleaseAcquire",
               {{store(x, 1, relaxed), store(y, 1, release)}, {load(y, acquire), load(x, relaxed)}},
               3,
               3,
               40,
               6},
        Litmus{"StoredTwiceMissesSome",
               {{store(x, 1, relaxed), store(x, 2, relaxed), store(y, 1, relaxed)},
                {load(y, relaxed), load(x, relaxed)}},
               5,
               6,
               76,
               9},
        Litmus{"StoredThriceMissesSome",
               {{store(x, 1, relaxed), store(x, 2, relaxed), store(x, 3, relaxed),
                 store(y, 1, relaxed)},
                {load(y, relaxed), load(x, relaxed)}},
               6,
               8,
               120,
               11},
        Litmus{"LoadBufferingMissesSome",
               {{load(x, relaxed), store(y, 1, relaxed)}, {load(y, relaxed), store(x, 1, relaxed)}},
               3,
               4,
               28,
               5}),
    name_of);

INSTANTIATE_TEST_SUITE_P(IndependentReads, LitmusTest,
                         ::testing::Values(Litmus{"ReleaseAcquire",
                                                  {{store(x, 1, release)},
                                                   {store(y, 1, release)},
                                                   {load(x, acquire), load(y, acquire)},
                                                   {load(y, acquire), load(x, acquire)}},
                                                  16,
                                                  16,
                                                  120'960,
                                                  77},
                                           Litmus{"SeqCst",
                                                  {{store(x, 1, seq_cst)},
                                                   {store(y, 1, seq_cst)},
                                                   {load(x, seq_cst), load(y, seq_cst)},
                                                   {load(y, seq_cst), load(x, seq_cst)}},
                                                  15,
                                                  15,
                                                  25'200,
                                                  15},
                                           Litmus{"RelaxedStoresSeqCstLoadsAllowsTooMuch",
                                                  {{store(x, 1, relaxed)},
                                                   {store(y, 1, relaxed)},
                                                   {load(x, seq_cst), load(y, seq_cst)},
                                                   {load(y, seq_cst), load(x, seq_cst)}},
                                                  16,
                                                  15,
                                                  120'960,
                                                  77},
                                           Litmus{"SeqCstFences",
                                                  {{store(x, 1, relaxed)},
                                                   {store(y, 1, relaxed)},
                                                   {load(x, relaxed), kFence, load(y, relaxed)},
                                                   {load(y, relaxed), kFence, load(x, relaxed)}},
                                                  15,
                                                  15,
                                                  830'354,
                                                  108}),
                         name_of);

INSTANTIATE_TEST_SUITE_P(Coherence, LitmusTest,
                         ::testing::Values(Litmus{"OneReader",
                                                  {{store(x, 1, relaxed), store(x, 2, relaxed)},
                                                   {load(x, relaxed), load(x, relaxed)}},
                                                  6,
                                                  6,
                                                  49,
                                                  15},
                                           Litmus{"TwoWritersTwoReaders",
                                                  {{store(x, 1, relaxed)},
                                                   {store(x, 2, relaxed)},
                                                   {load(x, relaxed), load(x, relaxed)},
                                                   {load(x, relaxed), load(x, relaxed)}},
                                                  72,
                                                  72,
                                                  150'288,
                                                  450},
                                           Litmus{"TwoPlusTwoWritesRelaxedMissesSome",
                                                  {{store(x, 1, relaxed), store(y, 2, relaxed)},
                                                   {store(y, 1, relaxed), store(x, 2, relaxed)}},
                                                  3,
                                                  4,
                                                  20,
                                                  3},
                                           Litmus{"TwoPlusTwoWritesSeqCst",
                                                  {{store(x, 1, seq_cst), store(y, 2, seq_cst)},
                                                   {store(y, 1, seq_cst), store(x, 2, seq_cst)}},
                                                  3,
                                                  3,
                                                  20,
                                                  3}),
                         name_of);

INSTANTIATE_TEST_SUITE_P(Causality, LitmusTest,
                         ::testing::Values(Litmus{"WriteToReadRelaxed",
                                                  {{store(x, 1, relaxed)},
                                                   {load(x, relaxed), store(y, 1, relaxed)},
                                                   {load(y, relaxed), load(x, relaxed)}},
                                                  8,
                                                  8,
                                                  1'440,
                                                  23},
                                           Litmus{"WriteToReadReleaseAcquire",
                                                  {{store(x, 1, release)},
                                                   {load(x, acquire), store(y, 1, release)},
                                                   {load(y, acquire), load(x, acquire)}},
                                                  7,
                                                  7,
                                                  1'422,
                                                  22},
                                           Litmus{"Isa2ReleaseAcquire",
                                                  {{store(x, 1, relaxed), store(y, 1, release)},
                                                   {load(y, acquire), store(z, 1, release)},
                                                   {load(z, acquire), load(x, relaxed)}},
                                                  7,
                                                  7,
                                                  4'340,
                                                  22},
                                           Litmus{"Isa2MiddleLoadRelaxed",
                                                  {{store(x, 1, relaxed), store(y, 1, release)},
                                                   {load(y, relaxed), store(z, 1, release)},
                                                   {load(z, acquire), load(x, relaxed)}},
                                                  8,
                                                  8,
                                                  4'368,
                                                  23},
                                           Litmus{"ReleaseSequenceWithReadModifyWrite",
                                                  {{store(x, 1, relaxed), store(y, 1, release)},
                                                   {add_one(y, relaxed)},
                                                   {load(y, acquire), load(x, relaxed)}},
                                                  8,
                                                  8,
                                                  1'294,
                                                  20},
                                           Litmus{"ReleaseSequenceEndedByStoreOfAnother",
                                                  {{store(x, 1, relaxed), store(y, 1, release)},
                                                   {store(y, 2, relaxed)},
                                                   {load(y, acquire), load(x, relaxed)}},
                                                  10,
                                                  10,
                                                  1'318,
                                                  21},
                                           Litmus{"ReleaseSequenceEndedByOwnStoreMissesSome",
                                                  {{store(x, 1, relaxed), store(y, 1, release),
                                                    store(y, 2, relaxed)},
                                                   {load(y, acquire), load(x, relaxed)}},
                                                  4,
                                                  5,
                                                  74,
                                                  8}),
                         name_of);

// Without a dependency between sequentially consistent fences, the reduction loses 3 outcomes of
// the first and 2 of the second. What the second misses of C++20 has a load that is two stores
// stale.
INSTANTIATE_TEST_SUITE_P(
    ThreeFences, LitmusTest,
    ::testing::Values(Litmus{"Thirteen",
                             {{load(x, relaxed), kFence, load(y, relaxed)},
                              {store(y, 2, relaxed), kFence, load(x, relaxed), load(z, relaxed)},
                              {store(z, 1, relaxed), kFence, store(x, 2, relaxed)}},
                             13,
                             13,
                             243'935,
                             85},
                      Litmus{"TwentyTwoMissesSome",
                             {{load(x, relaxed), kFence, load(y, relaxed)},
                              {store(y, 2, relaxed), kFence, load(z, relaxed)},
                              {store(y, 1, relaxed), store(x, 1, relaxed), kFence,
                               store(z, 1, relaxed)}},
                             22,
                             24,
                             275'984,
                             234}),
    name_of);

// Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential consistency in C/C++11", PLDI 2017:
// what C++20 allows beyond C++11 where sequentially consistent operations mix with weaker ones.
INSTANTIATE_TEST_SUITE_P(Z6, LitmusTest,
                         ::testing::Values(Litmus{"UMissesSome",
                                                  {{store(x, 1, seq_cst), store(y, 1, release)},
                                                   {add_one(y, seq_cst), load(y, relaxed)},
                                                   {store(y, 3, seq_cst), load(x, seq_cst)}},
                                                  15,
                                                  20,
                                                  2'463,
                                                  27},
                                           Litmus{"SeqCst",
                                                  {{store(x, 1, seq_cst), store(y, 1, seq_cst)},
                                                   {store(y, 2, seq_cst), load(z, seq_cst)},
                                                   {store(z, 1, seq_cst), load(x, seq_cst)}},
                                                  7,
                                                  7,
                                                  1'680,
                                                  7}),
                         name_of);

// Both may fail without cause in C++20.
INSTANTIATE_TEST_SUITE_P(WeakCompareExchange, LitmusTest,
                         ::testing::Values(Litmus{
                             "FailsOnceMissesSome", {{weak_cas(x)}, {weak_cas(x)}}, 4, 5, 12, 4}),
                         name_of);

}  // namespace
}  // namespace slabproof::testing
