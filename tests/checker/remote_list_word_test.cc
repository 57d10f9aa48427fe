// What a block publishes on its way through the owner's list of remote frees, and a thread through
// the number of handles: the operations on these two atomics as litmus tests. The checker finds
// exactly the outcomes that C++20 allows, so nothing that it leaves out elsewhere hides here.

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/support/cpp_memory_model.h"
#include "tests/support/instructions.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using enum std::memory_order;
using Kind = Instruction::Kind;

/// A push, where no other came in between.
constexpr Instruction kPushOntoEmpty{Kind::kStrongCas, x, release, 1};
/// A push that has come through after however many tries.
constexpr Instruction kPush{Kind::kFetchAdd, x, release, 1};
constexpr Instruction kTake{Kind::kExchange, x, acquire, 0};
constexpr Instruction kClose{Kind::kExchange, x, acquire, 9};
constexpr Instruction kHandleGoes{Kind::kFetchAdd, x, acq_rel, 1};

void expect_outcomes_of_cpp(const SmallProgram& program) {
  const Findings findings = find_all(program, model::ExploreOptions{});
  EXPECT_TRUE(findings.result.exhaustive);
  EXPECT_GT(findings.outcomes.size(), 1U);
  EXPECT_EQ(findings.outcomes, cpp_outcomes(program));
}

TEST(RemoteListWord, TakeSeesWhatEachPushPublishes) {
  expect_outcomes_of_cpp({{store(y, 1, relaxed), kPush},
                          {store(z, 1, relaxed), kPush},
                          {kTake, load(y, relaxed), load(z, relaxed)}});
}

TEST(RemoteListWord, TakeSeesWhatIsPushedAfterAnotherTake) {
  expect_outcomes_of_cpp(
      {{store(y, 1, relaxed), kPush}, {kTake, load(y, relaxed), kTake, load(y, relaxed)}});
}

TEST(RemoteListWord, LookBeforeATakeMayMissAPush) {
  expect_outcomes_of_cpp(
      {{store(y, 1, relaxed), kPush}, {load(x, relaxed), kTake, load(y, relaxed)}});
}

TEST(RemoteListWord, CloseSeesThePushOrThePushTheClose) {
  expect_outcomes_of_cpp({{store(y, 1, relaxed), kPushOntoEmpty}, {kClose, load(y, relaxed)}});
}

TEST(RemoteListWord, LastHandleSeesWhatEachOtherPublishes) {
  expect_outcomes_of_cpp({{store(y, 1, relaxed), kHandleGoes},
                          {store(z, 1, relaxed), kHandleGoes},
                          {kHandleGoes, load(y, relaxed), load(z, relaxed)}});
}

}  // namespace
}  // namespace slabproof::testing
