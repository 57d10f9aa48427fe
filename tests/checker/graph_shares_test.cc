// Parts of a search of execution graphs, and graphs that stand for others: nothing is lost, and
// nothing comes twice.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/checker/script_findings.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::Verdict;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Atomic<int> x{0};
  Sync::Atomic<int> y{0};
  Sync::Mutex a;
  Sync::Mutex b;
  std::array<int, 4> got{};
};
using Thread = ScriptedExecution<State>::Part;

ScriptFindings explore_graphs(const std::vector<Thread>& threads,
                              const ExploreOptions& options = {}) {
  return find_in_script<State>(model::Search::kGraph, threads, options);
}

/// Locks, and makes objects of its own that the others use.
void work_on_several_objects(State& s) {
  s.a.lock();
  s.got[0] = 10 * s.got[0] + s.x.load(relaxed);
  s.a.unlock();
  s.x.fetch_add(1, acq_rel);
  auto* const made = new Sync::Atomic<int>(0);
  made->store(1, relaxed);
  s.b.lock();
  s.y.store(s.x.load(relaxed), relaxed);
  s.got[1] = 10 * s.got[1] + made->load(relaxed);
  s.b.unlock();
}

void read_both(State& s) {
  s.got[2] = 10 * s.x.load(acquire) + s.y.load(acquire);
}

/// Locks, and deletes an object whose memory the others may get.
void work_on_memory(State& s) {
  s.a.lock();
  s.got[0] = 10 * s.got[0] + s.x.load(relaxed);
  s.a.unlock();
  const auto made = std::make_unique<Sync::Atomic<int>>(1);
  s.x.fetch_add(made->load(relaxed), acq_rel);
  s.y.fetch_add(1, relaxed);
}

class GraphPartsTest : public ::testing::TestWithParam<void (*)(State&)> {};

INSTANTIATE_TEST_SUITE_P(Works, GraphPartsTest,
                         ::testing::Values(&work_on_several_objects, &work_on_memory));

TEST_P(GraphPartsTest, SharesAreDisjointAndTogetherAllExecutions) {
  const std::vector<Thread> threads{GetParam(), GetParam(), read_both};
  const ScriptFindings whole = explore_graphs(threads);
  ASSERT_GT(whole.complete, 100U);
  for (const std::size_t count : {2U, 3U, 7U, 1000U}) {
    std::uint64_t complete = 0;
    std::set<std::string> outcomes;
    for (std::size_t index = 0; index < count; ++index) {
      ExploreOptions options;
      options.share = {.index = index, .count = count};
      const ScriptFindings share = explore_graphs(threads, options);
      EXPECT_EQ(share.result.verdict, Verdict::kHolds);
      EXPECT_TRUE(share.result.exhaustive);
      complete += share.complete;
      outcomes.insert(share.outcomes.begin(), share.outcomes.end());
    }
    EXPECT_EQ(complete, whole.complete) << count;
    EXPECT_EQ(outcomes, whole.outcomes) << count;
  }
}

TEST(GraphShares, LimitsHoldWhileASharesBeginningIsLookedFor) {
  const std::vector<Thread> threads{work_on_several_objects, work_on_several_objects, read_both};
  ExploreOptions options;
  options.iterations = 5;
  options.share = {.index = 0, .count = 1000};
  const ScriptFindings first = explore_graphs(threads, options);
  EXPECT_EQ(first.result.executions + first.result.redundant, 5U);
  options.share.index = 1;
  const ScriptFindings second = explore_graphs(threads, options);
  EXPECT_EQ(second.result.executions, 0U);
  EXPECT_EQ(second.result.verdict, Verdict::kInconclusive);
}

/// Explores a program whose first `alike` threads are interchangeable.
ScriptFindings explore_with_symmetry(const std::vector<Thread>& threads, std::size_t alike) {
  std::vector<std::uint8_t> classes;
  for (std::size_t thread = 0; thread < threads.size(); ++thread) {
    classes.push_back(static_cast<std::uint8_t>(thread < alike ? 0 : thread));
  }
  ExploreOptions options;
  options.symmetry_class = classes;
  return explore_graphs(threads, options);
}

TEST_P(GraphPartsTest, OfThreadsThatBeginWithALockOneOrderOfTheseIsExplored) {
  const std::vector<Thread> threads{GetParam(), GetParam(), read_both};
  const ScriptFindings all = explore_graphs(threads);
  const ScriptFindings reduced = explore_with_symmetry(threads, 2);
  EXPECT_EQ(2 * reduced.complete, all.complete);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
}

TEST(GraphSymmetry, ThreadThatTakesAwayTheFirstLocksOfOthersLosesNothing) {
  // The first thread reads what the others write later: each such write takes away what came since.
  const auto lock_and_write = [](State& s) {
    s.a.lock();
    s.got[0] = 10 * s.got[0] + s.y.load(relaxed);
    s.a.unlock();
    s.x.store(1, relaxed);
    s.y.fetch_add(1, relaxed);
  };
  const auto read_first = [](State& s) {
    s.got[1] = s.x.load(relaxed);
    s.got[1] = 10 * s.got[1] + s.y.load(relaxed);
    s.a.lock();
    s.got[0] = 10 * s.got[0] + 7;
    s.a.unlock();
  };
  const std::vector<Thread> threads{lock_and_write, lock_and_write, lock_and_write, read_first};
  const std::vector<Thread> reader_first{read_first, lock_and_write, lock_and_write,
                                         lock_and_write};
  const ScriptFindings all = explore_graphs(threads);
  const ScriptFindings reduced = explore_with_symmetry(threads, 3);
  EXPECT_EQ(6 * reduced.complete, all.complete);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  const std::vector<std::uint8_t> classes{0, 1, 1, 1};
  ExploreOptions options;
  options.symmetry_class = classes;
  EXPECT_EQ(explore_graphs(reader_first, options).complete, reduced.complete);
}

TEST(GraphSymmetry, ThreadsThatFirstLockTwoMutexesAreToldApart) {
  const auto section = [](Sync::Mutex& mutex) {
    mutex.lock();
    mutex.unlock();
  };
  const std::vector<Thread> threads{[&](State& s) { section(s.a); },
                                    [&](State& s) { section(s.b); },
                                    [&](State& s) {
                                      section(s.b);
                                      section(s.a);
                                    }};
  EXPECT_EQ(explore_with_symmetry(threads, 2).complete, 4U);
}

TEST(GraphSymmetry, ThreadsThatBeginOtherwiseAreToldApart) {
  const auto add = [](State& s) { s.x.fetch_add(1, relaxed); };
  const std::vector<Thread> threads{add, add, read_both};
  EXPECT_EQ(explore_with_symmetry(threads, 2).complete, explore_graphs(threads).complete);
}

}  // namespace
}  // namespace slabproof::testing
