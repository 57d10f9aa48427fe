// What is tried when a failing program is made smaller.

#include "model/campaign/minimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slabproof::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// The texts of what `smaller_programs` makes of a program, in its order.
std::vector<std::string> smaller(const std::string& program) {
  std::vector<std::string> texts;
  for (const Program& each : smaller_programs(*parse_program(program))) {
    texts.push_back(to_text(each));
  }
  return texts;
}

TEST(SmallerPrograms, LackAThreadOrOneOperation) {
  EXPECT_THAT(smaller("a f | a u"),
              ElementsAre("a u", "a f", "a | a u", "f | a u", "a f | a", "a f | u"));
}

TEST(SmallerPrograms, LackAThreadThatLostItsOnlyOperation) {
  EXPECT_THAT(smaller("a | a f"), ElementsAre("a f", "a", "a f", "a | a", "a | f"));
}

TEST(SmallerPrograms, AreNoneOfASingleOperation) {
  EXPECT_THAT(smaller("a"), IsEmpty());
}

TEST(SmallerPrograms, ShrinkABatchToOneToHalfAndByOne) {
  EXPECT_THAT(smaller("a6"), ElementsAre("a", "a3", "a5"));
}

TEST(SmallerPrograms, ShrinkEachBatchAlone) {
  EXPECT_THAT(smaller("a3 | a3"), ElementsAre("a3", "a3", "a3", "a3", "a | a3", "a | a3", "a2 | a3",
                                              "a3 | a", "a3 | a", "a3 | a2"));
}

// Where a program has become shorter, its memory may still hold what it has lost.
TEST(SmallerPrograms, ShrinkNoBatchBehindTheEnd) {
  Program program = *parse_program("a3 a3");
  program.threads.front().pop_back();
  EXPECT_EQ(smaller_programs(program).size(), smaller("a3").size());
}

TEST(SmallerPrograms, GiveNothingToAThreadThatIsGoneAndRenumberTheOthers) {
  const std::vector<std::string> texts = smaller("a g>2 | a g>2 | t | a");
  EXPECT_THAT(texts, Contains("a | a | a"));
  EXPECT_THAT(texts, Contains("a g>1 | t | a"));
  EXPECT_THAT(texts, Contains("a g>2 | a g>2 | t"));
}

TEST(SmallerPrograms, GiveNothingToAThreadThatLostItsOnlyOperation) {
  EXPECT_THAT(smaller("a g>1 | t"), ElementsAre("t", "a", "a | t", "g>1 | t", "a"));
}

// What comes before a second free makes it one: only ends may go, and no batch may shrink.
TEST(SmallerPrograms, KeepWhatComesBeforeASecondFree) {
  EXPECT_THAT(smaller("a2 f d | a2 f"),
              ElementsAre("a2 f", "a2 f d", "a2 f | a2 f", "a2 f d | a2"));
}

TEST(SmallerPrograms, KeepAThreadThatIsGivenABlockWhereOneIsFreedAgain) {
  EXPECT_THAT(smaller("a f d | a g>0"), ElementsAre("a f d", "a f | a g>0", "a f d | a"));
}

}  // namespace
}  // namespace slabproof::model
