// What a search says after an execution has failed: that it goes on without losing another failure,
// and that it never calls exhaustive, or good, what was passed over or could not be judged.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::ExploreResult;
using model::Search;
using model::Verdict;
using model::checker_hooks::report;
using enum std::memory_order;
using Sync = model::RelacySync;

struct State {
  std::array<Sync::Atomic<std::uint32_t>, 3> atomics{Sync::Atomic<std::uint32_t>{0},
                                                     Sync::Atomic<std::uint32_t>{0},
                                                     Sync::Atomic<std::uint32_t>{0}};
  Sync::Atomic<std::uint32_t>& a = atomics[0];
  Sync::Atomic<std::uint32_t>& b = atomics[1];
  Sync::Atomic<std::uint32_t>& c = atomics[2];
  Sync::Mutex mutex;
  Sync::Var<std::uint32_t> v{0};
};
using Program = ScriptedExecution<State>;

/// Two failures that exclude each other: a report before the write, or a race of the writes.
Program report_or_race() {
  return Program({[](State& state) {
                    static_cast<void>(state.c.load(relaxed));
                    state.b.store(1, relaxed);
                    state.v.write() = 1;
                  },
                  [](State& state) {
                    state.a.fetch_add(1, relaxed);
                    if (state.b.load(relaxed) == 0) report("S1", "too early");
                    state.v.write() = 2;
                  }});
}

ExploreResult explore_for(Program program, const std::string& property,
                          Search search = Search::kDpor) {
  ExploreOptions options;
  options.search = search;
  if (!property.empty()) {
    options.is_wanted = [&](const model::Failure& failure) { return name_of(failure) == property; };
  }
  return model::explore(program, options);
}

TEST(Failures, SearchThatGoesOnFindsBoth) {
  for (const Search search : {Search::kFull, Search::kDpor}) {
    const ExecutionEnds found = explore_all(report_or_race(), search);
    EXPECT_EQ(found.failures, (std::set<std::string>{"S1", "data race"})) << to_text(search);
    EXPECT_TRUE(found.result.exhaustive);
    EXPECT_EQ(found.result.verdict, Verdict::kViolated);
  }
}

TEST(Failures, EachIsFoundWhereOnlyItIsAskedForAndReplays) {
  for (const char* const property : {"S1", "data race"}) {
    const ExploreResult result = explore_for(report_or_race(), property);
    ASSERT_TRUE(result.violation.has_value()) << property;
    EXPECT_EQ(name_of(*result.violation), property);
    EXPECT_EQ(result.verdict, Verdict::kViolated);
    EXPECT_TRUE(result.reproduced);
  }
}

// The second thread fails whatever the first one does; whoever fails first ends the execution.
TEST(Failures, TwoThreadsThatAlwaysFailAreBothFound) {
  const auto failing = [](std::size_t object, const char* property) {
    return [=](State& state) {
      state.atomics[object].store(1, relaxed);
      report(property, "always");
    };
  };
  const Program program({failing(0, "S1"), failing(1, "S2"), failing(2, "S3")});
  EXPECT_EQ(explore_all(program, Search::kDpor).failures,
            (std::set<std::string>{"S1", "S2", "S3"}));
}

TEST(Failures, WhatFailsBeforeTheFirstStepIsNotAlwaysFirst) {
  const Program program({[](State&) { report("S1", "at once"); },
                         [](State& state) {
                           state.a.store(1, relaxed);
                           report("S2", "later");
                         }});
  EXPECT_EQ(explore_all(program, Search::kDpor).failures, (std::set<std::string>{"S1", "S2"}));

  // With symmetry, threads start in one order.
  constexpr std::array<std::uint8_t, 2> kClasses = {0, 1};
  ExploreOptions options;
  options.symmetry_class = kClasses;
  options.stop_on_violation = false;
  EXPECT_FALSE(explore_all(program, options).result.exhaustive);
}

TEST(Failures, ThreadThatFailsWithAMutexLeavesTheOthersOrdersToBeFound) {
  const Program program({[](State& state) {
                           state.mutex.lock();
                           if (state.a.load(relaxed) == 1) report("S1", "locked");
                           state.mutex.unlock();
                         },
                         [](State& state) {
                           state.a.store(1, relaxed);
                           state.b.store(1, relaxed);
                           state.mutex.lock();
                           if (state.c.load(relaxed) == 1) report("S2", "locked");
                           state.mutex.unlock();
                         },
                         [](State& state) {
                           if (state.b.load(relaxed) == 1) state.c.store(1, relaxed);
                         }});
  for (const Search search : {Search::kFull, Search::kDpor}) {
    EXPECT_EQ(explore_all(program, search).failures, (std::set<std::string>{"S1", "S2"}))
        << to_text(search);
  }
}

TEST(Failures, ThreadThatRacesGoesNoFurther) {
  int ended = 0;
  const auto write = [&ended](State& state) {
    state.v.write() = 1;
    ++ended;
  };
  Program program({write, write});
  program.on_before = [&ended](State&) { ended = 0; };
  ExploreOptions options;
  options.stop_on_violation = false;
  options.on_execution = [&ended](const model::ExecutionEnd&) { EXPECT_EQ(ended, 1); };
  EXPECT_NE(model::explore(program, options).violations, 0U);
}

// The runner's own search knows nothing of threads that have failed.
TEST(Failures, ExecutionOfTheRunnersSearchEndsWithItsFailure) {
  bool has_failed = false;
  bool went_on = false;
  Program program({[&](State& state) {
                     state.a.store(1, relaxed);
                     has_failed = true;
                     report("S1", "at once");
                   },
                   [&](State& state) {
                     state.b.store(1, relaxed);
                     went_on |= has_failed;
                   }});
  program.on_before = [&](State&) { has_failed = false; };
  ExploreOptions options;
  options.search = Search::kFull;
  options.stop_on_violation = false;
  EXPECT_NE(model::explore(program, options).violations, 0U);
  EXPECT_FALSE(went_on);
}

// ---- what a search may say ----

TEST(Failures, FirstViolationIsTheOneThatIsKept) {
  Program program = report_or_race();
  for (const Search search : {Search::kFull, Search::kDpor}) {
    std::string first;
    std::string last;
    ExploreOptions options;
    options.search = search;
    options.stop_on_violation = false;
    options.on_execution = [&](const model::ExecutionEnd& end) {
      if (end.failure == nullptr) return;
      last = to_text(*end.failure);
      if (first.empty()) first = last;
    };
    const ExploreResult result = model::explore(program, options);
    ASSERT_TRUE(result.violation);
    EXPECT_NE(first, last);
    EXPECT_EQ(to_text(*result.violation), first);
  }
}

TEST(Failures, UnlockIsAStepInEachSearchButTheReduction) {
  Program program({[](State& state) { state.a.store(1, relaxed); }});
  for (const Search search : {Search::kFull, Search::kBound, Search::kRandom, Search::kDpor}) {
    ExploreOptions options;
    options.search = search;
    options.on_execution = [search](const model::ExecutionEnd& end) {
      EXPECT_EQ(end.unlock_is_step, search != Search::kDpor) << to_text(search);
    };
    static_cast<void>(model::explore(program, options));
  }
}

TEST(Failures, PassedOverAreNeitherExhaustiveNorGood) {
  for (const Search search : {Search::kFull, Search::kDpor, Search::kRandom}) {
    const ExploreResult result = explore_for(report_or_race(), "S3", search);
    EXPECT_FALSE(result.violation.has_value());
    EXPECT_FALSE(result.exhaustive);
    EXPECT_EQ(result.verdict, Verdict::kInconclusive) << to_text(search);
  }
}

TEST(Failures, UnsupportedProgramIsNotGoodForAnyProperty) {
  const Program program(
      {[](State& state) { state.a.store(1, release); }, [](State&) { Sync::fence(relaxed); }});
  for (const char* const property : {"", "data race"}) {
    for (const Search search : {Search::kFull, Search::kDpor, Search::kRandom}) {
      const ExploreResult result = explore_for(program, property, search);
      EXPECT_FALSE(result.exhaustive);
      EXPECT_EQ(result.verdict, Verdict::kUnsupported) << property << to_text(search);
      EXPECT_EQ(result.violations, 0U);
    }
  }
}

TEST(Failures, ViolationWinsOverWhatIsUnsupported) {
  const Program program({[](State& state) {
                           state.a.store(1, relaxed);
                           if (state.b.load(relaxed) == 1) Sync::fence(relaxed);
                         },
                         [](State& state) {
                           state.b.store(1, relaxed);
                           if (state.a.load(relaxed) == 1) report("both", "both");
                         }});
  const ExploreResult result = explore_for(program, "both");
  EXPECT_EQ(result.verdict, Verdict::kViolated);
  EXPECT_EQ(name_of(*result.violation), "both");
}

TEST(Failures, SearchThatWasCutIsInconclusive) {
  Program program = Program({[](State& state) { state.a.store(1, relaxed); },
                             [](State& state) { state.a.store(2, relaxed); }});
  ExploreOptions options;
  EXPECT_EQ(model::explore(program, options).verdict, Verdict::kHolds);
  options.iterations = 1;
  const ExploreResult result = model::explore(program, options);
  EXPECT_FALSE(result.exhaustive);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
}

// ---- random programs ----

/// Threads of atomic accesses, critical sections, accesses to a variable, and checks that fail.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  Program program() {
    std::vector<Program::Part> threads;
    for (std::size_t thread = 0, count = 2 + below(2); thread < count; ++thread) {
      std::vector<Program::Part> steps;
      for (std::size_t i = 0, length = 1 + below(count == 2 ? 4 : 3); i < length; ++i) {
        steps.push_back(step("S" + std::to_string(10 * thread + i)));
      }
      threads.push_back([steps](State& state) {
        for (const Program::Part& each : steps) each(state);
      });
    }
    return Program(threads, [](State& state) {
      std::string text = std::to_string(state.v.read());
      for (auto& atomic : state.atomics) text += " " + std::to_string(atomic.load(relaxed));
      return text;
    });
  }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  Program::Part step(const std::string& property) {
    const std::size_t object = below(2);
    const std::uint32_t value = below(3);
    switch (below(6)) {
      case 0:
        return [=](State& state) { state.atomics[object].store(value, seq_cst); };
      case 1:
        return [=](State& state) { state.atomics[object].fetch_add(1, relaxed); };
      case 2:
        return [=](State& state) {
          state.mutex.lock();
          state.atomics[object].store(value, relaxed);
          state.mutex.unlock();
        };
      case 3:
        return [=](State& state) { ++state.v.write(); };
      default:
        return [=](State& state) {
          if (state.atomics[object].load(relaxed) == value) report(property, "found");
        };
    }
  }

  std::mt19937 random_;
};

TEST(Failures, OfRandomProgramsAreThoseThatTheExhaustiveSearchFinds) {
  constexpr std::uint32_t kPrograms = 400;
  std::uint32_t several = 0;
  for (std::uint32_t seed = 1, compared = 0; compared < kPrograms; ++seed) {
    ExploreOptions options;
    options.run.refuse_unmodelled = false;
    options.stop_on_violation = false;
    options.search = Search::kFull;
    options.iterations = 3'000;
    const ExecutionEnds all = explore_all(Generator(seed).program(), options);
    if (!all.result.exhaustive) continue;
    ++compared;
    options.search = Search::kDpor;
    options.iterations = 0;
    const ExecutionEnds reduced = explore_all(Generator(seed).program(), options);
    ASSERT_TRUE(reduced.result.exhaustive) << "seed " << seed;
    if (all.failures.size() > 1) ++several;
    ASSERT_EQ(reduced.failures, all.failures) << "seed " << seed;
    ASSERT_EQ(reduced.outcomes, all.outcomes) << "seed " << seed;
  }
  EXPECT_GT(several, kPrograms / 8);
}

}  // namespace
}  // namespace slabproof::testing
