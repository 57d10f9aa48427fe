// The generator of programs and its shrinking, apart from any slab. That a mutant is reported
// as a minimal program is shown in tests/mutants:minimal_program_test.

#include "tests/properties/program_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/program/program.h"
#include "model/program/shrink.h"

namespace slabproof::properties {
namespace {

using model::Op;
using model::Program;

Program program(const std::string& text) {
  const auto parsed = model::parse_program(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Program{});
}

std::string text_of(const Program& parsed) {
  return parsed.threads.empty() ? "" : to_text(parsed);
}

std::string tidied(const std::string& text) {
  return text_of(without_idle_operations(program(text)));
}

std::vector<Program> sample(std::size_t count, ProgramLimits limits = {}) {
  std::vector<Program> found;
  const auto generator = programs(limits);
  for (std::size_t i = 0; i < count; ++i) {
    found.push_back(generator(rc::Random(i), static_cast<int>(i % 101)).value());
  }
  return found;
}

/// As rapidcheck does.
Program least(Program failing, const std::function<bool(const Program&)>& fails) {
  model::shrink(failing, simpler_programs, fails);
  return failing;
}

std::size_t count_of(const Program& parsed, Op::Kind kind) {
  std::size_t count = 0;
  for (const auto& thread : parsed.threads) {
    count += static_cast<std::size_t>(std::ranges::count(thread, kind, &Op::kind));
  }
  return count;
}

TEST(ProgramGeneratorTest, GeneratedProgramsAreWellFormedAndWithinLimits) {
  const ProgramLimits limits{.max_threads = 3, .max_ops = 5, .max_batch = 2};
  for (const Program& generated : sample(2000, limits)) {
    EXPECT_FALSE(defect_of(generated)) << to_text(generated);
    EXPECT_LE(generated.threads.size(), 3U);
    for (const auto& thread : generated.threads) {
      EXPECT_LE(thread.size(), 5U);
      for (const Op op : thread) {
        EXPECT_LE(op.kind == Op::Kind::kAllocate ? op.argument : 0, 2) << to_text(generated);
      }
    }
  }
}

TEST(ProgramGeneratorTest, GeneratedProgramsHaveNoIdleOperations) {
  for (const Program& generated : sample(2000)) {
    EXPECT_EQ(text_of(without_idle_operations(generated)), to_text(generated));
  }
}

TEST(ProgramGeneratorTest, EveryOperationAndThreadCountComesUp) {
  std::set<Op::Kind> kinds;
  std::set<std::size_t> thread_counts;
  for (const Program& generated : sample(2000)) {
    thread_counts.insert(generated.threads.size());
    for (const auto& thread : generated.threads) {
      for (const Op op : thread) kinds.insert(op.kind);
    }
  }
  // All but `d`, which no engine with several threads can judge.
  EXPECT_EQ(kinds.size(), model::kOperations.size() - 1);
  EXPECT_EQ(thread_counts, (std::set<std::size_t>{1, 2, 3, 4}));
}

TEST(ProgramGeneratorTest, KindsThatAreSwitchedOffDoNotComeUp) {
  const ProgramLimits limits{
      .gifts = false, .bad_pointers = false, .queries = false, .trims = false, .refusals = false};
  for (const Program& generated : sample(500, limits)) {
    for (const auto& thread : generated.threads) {
      for (const Op op : thread) {
        const model::Effect effect = traits_of(op).effect;
        EXPECT_TRUE(effect == model::Effect::kAllocate || effect == model::Effect::kFree);
      }
    }
  }
}

TEST(ProgramGeneratorTest, IdleOperationsAreFound) {
  EXPECT_EQ(tidied("f a f f"), "a f");
  EXPECT_EQ(tidied("a f@1 u F F"), "a u F");
  EXPECT_EQ(tidied("m u a"), "a");
  EXPECT_EQ(tidied("d a f d"), "a f d");
  EXPECT_EQ(tidied("a ! ! a !"), "a ! a");
  EXPECT_EQ(tidied("t f | a"), "a");
  EXPECT_EQ(tidied("a g>1 | t f"), "a g>1 | t f");
  EXPECT_EQ(tidied("f | a"), "a");
  EXPECT_EQ(tidied("a g>0 f"), "a f");
  EXPECT_EQ(tidied("t g>1 | t g>0"), "");
  EXPECT_EQ(tidied("f"), "");
}

TEST(ProgramGeneratorTest, GiftsFollowTheirThreadWhenAnotherGoes) {
  // Thread 0 has nothing to do, and the threads behind it move down.
  EXPECT_EQ(tidied("f | a g>2 | t f"), "a g>1 | t f");
  // A gift to a thread that is gone is not given.
  EXPECT_EQ(tidied("a g>1 | f"), "a");
}

TEST(ProgramGeneratorTest, SimplerProgramsAreWellFormedTidyAndStrictlySmaller) {
  for (const Program& generated : sample(300)) {
    for (const Program& simpler : simpler_programs(generated)) {
      EXPECT_FALSE(defect_of(simpler)) << to_text(simpler);
      EXPECT_EQ(text_of(without_idle_operations(simpler)), to_text(simpler));
      EXPECT_LT(weight_of(simpler), weight_of(generated))
          << to_text(generated) << " -> " << to_text(simpler);
    }
  }
}

TEST(ProgramGeneratorTest, SmallestProgramHasNothingSimpler) {
  EXPECT_TRUE(simpler_programs(program("a")).empty());
}

TEST(ProgramGeneratorTest, ShrinkingReachesTheSmallestProgramThatFails) {
  const auto frees_in_two_threads = [](const Program& candidate) {
    return std::ranges::count_if(candidate.threads, [](const auto& thread) {
             return std::ranges::count(thread, Op::Kind::kFree, &Op::kind) > 0;
           }) >= 2;
  };
  const auto three_blocks_at_once = [](const Program& candidate) {
    std::size_t blocks = 0;
    for (const Op op : candidate.threads[0]) {
      if (op.kind == Op::Kind::kAllocate) blocks += op.argument;
    }
    return blocks >= 3;
  };
  const auto gives = [](const Program& candidate) {
    return count_of(candidate, Op::Kind::kGive) > 0 && count_of(candidate, Op::Kind::kTake) > 0;
  };
  std::size_t tried = 0;
  for (const Program& generated : sample(1500)) {
    if (frees_in_two_threads(generated)) {
      ++tried;
      const Program smallest = least(generated, frees_in_two_threads);
      EXPECT_LE(weight_of(smallest).operations, 4U) << to_text(smallest);
    }
    if (three_blocks_at_once(generated)) {
      ++tried;
      EXPECT_LE(weight_of(least(generated, three_blocks_at_once)).operations, 3U);
    }
    if (gives(generated)) {
      ++tried;
      EXPECT_EQ(weight_of(least(generated, gives)).operations, 3U);
    }
  }
  EXPECT_GT(tried, 200U);
}

TEST(ProgramGeneratorTest, GeneratorShrinksToSimplerPrograms) {
  const auto generator = programs({});
  for (std::size_t seed = 0; seed < 50; ++seed) {
    const auto shrinkable = generator(rc::Random(seed), 80);
    auto shrinks = shrinkable.shrinks();
    for (const Program& expected : simpler_programs(shrinkable.value())) {
      const auto next = shrinks.next();
      ASSERT_TRUE(next);
      EXPECT_EQ(next->value(), expected);
    }
    EXPECT_FALSE(shrinks.next());
  }
}

}  // namespace
}  // namespace slabproof::properties
