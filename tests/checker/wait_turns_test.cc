// What a turn between two pauses comes to, whoever runs the thread.

#include "model/search/wait_turns.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/search/limits.h"
#include "model/search/local_state.h"

namespace slabproof::model {
namespace {

using Turn = WaitTurns::Turn;

class WaitTurnsTest : public ::testing::Test {
 protected:
  WaitTurnsTest() {
    for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
      turns_.begin_thread(thread, stacks_[thread].data() + stacks_[thread].size());
    }
    turns_.begin_execution();
  }

  /// The thread pauses, where its stack holds `local`.
  Turn pause(std::size_t thread, int local = 0) {
    stacks_[thread].fill(static_cast<std::byte>(local));
    return turns_.end_turn(thread, {.registers = {}, .stack = stacks_[thread].data()});
  }
  void read(std::size_t thread, const int& object, std::uint64_t value) {
    turns_.read(thread, &object, value, /*is_final=*/true);
  }
  /// Pauses for the first time, and after a turn that read `value` of x.
  void read_in_a_turn(std::uint64_t value) {
    static_cast<void>(pause(0, 1));
    read(0, x_, value);
    static_cast<void>(pause(0, 2));
  }

  WaitTurns turns_;
  int x_ = 0;
  int y_ = 0;

 private:
  std::array<std::array<std::byte, 16>, kMaxThreads> stacks_{};
};

TEST_F(WaitTurnsTest, TurnThatReadsAndComesBackIsARepetition) {
  EXPECT_EQ(pause(0), Turn::kProgress);
  read(0, x_, 1);
  EXPECT_TRUE(turns_.has_no_effect(0));
  EXPECT_EQ(pause(0), Turn::kRepetition);
}

TEST_F(WaitTurnsTest, TurnThatLeavesSomethingElseOnTheStackIsNone) {
  static_cast<void>(pause(0, 1));
  read(0, x_, 1);
  EXPECT_EQ(pause(0, 2), Turn::kProgress);
}

TEST_F(WaitTurnsTest, TurnThatEndsWhereTheStackIsNotKnownIsNone) {
  static_cast<void>(turns_.end_turn(0, {}));
  read(0, x_, 1);
  EXPECT_EQ(turns_.end_turn(0, {}), Turn::kProgress);
}

TEST_F(WaitTurnsTest, TurnThatWritesAndComesBackIsARetry) {
  static_cast<void>(pause(0));
  static_cast<void>(turns_.write(0, &x_, 1));
  EXPECT_EQ(pause(0), Turn::kRetry);
}

TEST_F(WaitTurnsTest, TurnThatReadsTheSameElsewhereIsToldFromOneThatReadsAnotherValue) {
  read_in_a_turn(1);
  read(0, x_, 1);
  EXPECT_EQ(pause(0, 3), Turn::kSameReads);
  read(0, x_, 2);
  EXPECT_EQ(pause(0, 4), Turn::kProgress);
  read(0, y_, 2);
  EXPECT_EQ(pause(0, 5), Turn::kProgress);
}

TEST_F(WaitTurnsTest, WhatIsReadBeforeTheFirstPauseDoesNotCount) {
  read(0, x_, 1);
  static_cast<void>(pause(0, 1));
  read(0, x_, 1);
  EXPECT_EQ(pause(0, 2), Turn::kProgress);
}

TEST_F(WaitTurnsTest, WhatIsWrittenBeforeTheFirstPauseCounts) {
  static_cast<void>(turns_.write(0, &x_, 1));
  static_cast<void>(pause(0, 1));
  static_cast<void>(turns_.write(0, &x_, 1));
  EXPECT_EQ(pause(0, 2), Turn::kSameReads);
}

TEST_F(WaitTurnsTest, FirstTurnOfAnExecutionIsComparedWithNoneOfTheLast) {
  static_cast<void>(pause(0, 1));
  static_cast<void>(turns_.write(0, &x_, 1));
  static_cast<void>(pause(0, 2));
  turns_.begin_execution();
  static_cast<void>(turns_.write(0, &x_, 1));
  EXPECT_EQ(pause(0, 3), Turn::kProgress);
}

// Something else was done, such as a request for memory.
TEST_F(WaitTurnsTest, TurnsThatReadNothingAreNotTheSame) {
  static_cast<void>(pause(0, 1));
  turns_.act(0);
  EXPECT_EQ(pause(0, 2), Turn::kProgress);
  turns_.act(0);
  EXPECT_EQ(pause(0, 3), Turn::kProgress);
}

TEST_F(WaitTurnsTest, TurnsThatEndAlikeAreCounted) {
  static_cast<void>(pause(0));
  EXPECT_EQ(turns_.in_a_row(0), 1U);
  for (unsigned count = 1; count <= 3; ++count) {
    static_cast<void>(turns_.write(0, &x_, 1));
    static_cast<void>(pause(0));
    EXPECT_EQ(turns_.in_a_row(0), count);
  }
  read(0, y_, 1);
  static_cast<void>(pause(0, 1));
  EXPECT_EQ(turns_.in_a_row(0), 1U);
}

TEST_F(WaitTurnsTest, TurnThatDidSomethingElseHasAnEffect) {
  EXPECT_FALSE(turns_.has_no_effect(0));
  static_cast<void>(pause(0));
  turns_.act(0);
  EXPECT_FALSE(turns_.has_no_effect(0));
}

TEST_F(WaitTurnsTest, WriteTellsWhoHadReadTheObject) {
  for (const std::size_t reader : {0U, 3U, 7U}) {
    static_cast<void>(pause(reader));
    read(reader, x_, 0);
  }
  EXPECT_EQ(turns_.write(1, &y_, 1), 0U);
  EXPECT_EQ(turns_.write(1, &x_, 1), 1U << 0 | 1U << 3 | 1U << 7);
}

TEST_F(WaitTurnsTest, WhatWasReadMayDifferWhenItIsWritten) {
  static_cast<void>(pause(0));
  read(0, x_, 0);
  EXPECT_FALSE(turns_.may_differ(0));
  static_cast<void>(turns_.write(1, &x_, 1));
  EXPECT_TRUE(turns_.may_differ(0));
}

TEST_F(WaitTurnsTest, TriesOfATurnAreKnownUntilItEnds) {
  constexpr std::uint16_t kMutex = 7;
  for (const std::size_t thread : {0U, 1U, 7U}) {
    static_cast<void>(pause(thread));
    turns_.failed_to_lock(thread, kMutex);
  }
  turns_.failed_to_lock(1, kMutex + 1);
  EXPECT_EQ(turns_.tried_by(kMutex), 1U << 0 | 1U << 1 | 1U << 7);
  static_cast<void>(pause(1, /*local=*/1));
  EXPECT_EQ(turns_.tried_by(kMutex), 1U << 0 | 1U << 7);
  turns_.begin_execution();
  EXPECT_EQ(turns_.tried_by(kMutex), 0U);
}

}  // namespace
}  // namespace slabproof::model
