// The reduction loses nothing on the slab, nor does the search of execution graphs, which shares no
// memory model with it: for every program of two threads with at most two operations each, and of
// three threads with one each, that Relacy's full search can finish, all three come to the same
// verdict, the same orders of critical sections and the same final states. So do the reduction and
// the graphs on slabs with caches and on owners, which are too large for the full search.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "model/graph/graph_explore.h"
#include "model/program/enumeration.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/program/scenario.h"
#include "model/program/slab_setup.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/slab/program_execution.h"
#include "model/slab/subject_factory.h"

namespace slabproof::testing {
namespace {

using model::CheckJob;
using model::History;
using model::Search;
using model::SlabFamily;

/// What a search found of a program.
struct Findings {
  bool finished = false;
  bool holds = true;
  std::map<std::string, std::uint64_t> orders;  // of lock acquisitions, and how often each was run
  std::set<std::string> final_states;
};

/// The order in which the operations of the threads took each lock. What is done under different
/// locks has no order.
std::string order_of(const History& history) {
  std::map<int, std::string> orders;
  for (const model::Acquisition& acquisition : history.all_acquisitions()) {
    orders[acquisition.mutex] +=
        std::to_string(acquisition.op.thread) + "." + std::to_string(acquisition.op.op) + " ";
  }
  std::string text;
  for (const auto& [mutex, order] : orders) text += std::to_string(mutex) + ": " + order;
  return text;
}

/// What each operation returned, whichever finished first, and what was left in the end.
std::string final_state_of(const History& history) {
  std::map<std::pair<int, int>, std::string> operations;
  for (const model::OpRecord& record : history.all_ops()) {
    std::string& text = operations[{record.id.thread, record.id.op}];
    text = std::to_string(record.skipped) + std::to_string(record.failed) + ":" +
           std::to_string(record.value);
    for (const model::BlockEvent& block : history.blocks_of(record)) {
      text += "@" + std::to_string(block.address);
    }
  }
  std::string state = std::to_string(history.census.segments);
  for (const auto& [id, text] : operations) state += " " + text;
  return state;
}

Findings find_all(const CheckJob& job, Search search, bool reuses_memory = false) {
  const auto subject = model::make_subject(job.slab);
  model::ProgramExecution execution(*subject, job.program, job.slab);
  Findings findings;
  execution.set_judge([&](const History& history) {
    ++findings.orders[order_of(history)];
    findings.final_states.insert(final_state_of(history));
    return std::nullopt;
  });
  model::ExploreOptions options;
  options.search = search;
  options.run = model::slab_run_settings();
  options.run.reuse_memory = reuses_memory;
  constexpr std::uint64_t kMaxForFullSearch = 60'000;
  if (search == Search::kFull) options.iterations = kMaxForFullSearch;
  const bool is_on_graphs = search == Search::kGraph;
  const model::ExploreResult result = model::explore(
      execution, is_on_graphs ? &model::graph::graph_runner : &model::relacy_runner, options);
  findings.finished = result.exhaustive;
  findings.holds = !result.violation.has_value();
  return findings;
}

std::set<std::string> keys(const std::map<std::string, std::uint64_t>& counted) {
  std::set<std::string> result;
  for (const auto& [key, count] : counted) result.insert(key);
  return result;
}

/// Compares the searches on every program of a size; returns how many `full` finished.
std::size_t compare(const std::string& size, const std::string& alphabet) {
  const auto parsed = model::parse_enumeration(size, alphabet);
  if (!parsed) {
    ADD_FAILURE() << parsed.error();
    return 0;
  }
  std::size_t finished = 0;
  for (const CheckJob& job : model::enumerate_jobs(*parsed)) {
    SCOPED_TRACE(to_text(job.program) + ", capacity " + std::to_string(job.slab.capacity));
    const Findings full = find_all(job, Search::kFull);
    if (!full.finished) continue;
    ++finished;
    for (const Search search : {Search::kDpor, Search::kGraph}) {
      SCOPED_TRACE(to_text(search));
      const Findings reduced = find_all(job, search);
      EXPECT_EQ(reduced.holds, full.holds);
      EXPECT_EQ(keys(reduced.orders), keys(full.orders));
      EXPECT_EQ(reduced.final_states, full.final_states);
      for (const auto& [order, count] : reduced.orders) EXPECT_EQ(count, 1U) << order;
    }
  }
  return finished;
}

TEST(FullAgainstReduced, TwoThreadsOfTwoOperations) {
  EXPECT_GE(compare("threads=2,ops=2,capacity=2", "a f a2 !"), 40U);
}

TEST(FullAgainstReduced, ThreeThreadsOfOneOperation) {
  EXPECT_GE(compare("threads=3,ops=1,capacity=1", "a n"), 10U);
}

/// What orders the threads of a program beside program order.
enum class Ordered : std::uint8_t {
  kByLocks,    ///< each execution has an order of critical sections of its own
  kByAtomics,  ///< one graph stands for several orders of running, and some have none: a thread may
               ///< see what another did last, and not yet what that did before
};

void compare_graphs(const CheckJob& job, Ordered ordered) {
  SCOPED_TRACE(to_text(job.program) + ", capacity " + std::to_string(job.slab.capacity));
  const Findings reduced = find_all(job, Search::kDpor);
  const Findings graphs = find_all(job, Search::kGraph);
  EXPECT_TRUE(reduced.finished && graphs.finished);
  EXPECT_TRUE(reduced.holds && graphs.holds);
  if (ordered == Ordered::kByLocks) {
    EXPECT_EQ(graphs.orders, reduced.orders);
    EXPECT_EQ(graphs.final_states, reduced.final_states);
    for (const auto& [order, count] : graphs.orders) EXPECT_EQ(count, 1U) << order;
  } else {
    EXPECT_TRUE(std::ranges::includes(keys(graphs.orders), keys(reduced.orders)));
    EXPECT_TRUE(std::ranges::includes(graphs.final_states, reduced.final_states));
  }
}

void compare_graphs(SlabFamily family, std::uint32_t batch, const std::string& program,
                    Ordered ordered) {
  CheckJob job;
  job.program = *model::parse_program(program);
  job.slab.family = family;
  job.slab.batch = batch;
  compare_graphs(job, ordered);
}

TEST(GraphsAgainstReduced, Caches) {
  for (const char* const program : {"a f | a f", "a2 f | a F", "! a f | a f a", "a3 F | a x"}) {
    compare_graphs(SlabFamily::kCached, 1, program, Ordered::kByLocks);
    compare_graphs(SlabFamily::kCached, 2, program, Ordered::kByLocks);
  }
  compare_graphs(SlabFamily::kAutoCached, 1, "a f | n", Ordered::kByLocks);
}

TEST(GraphsAgainstReduced, OwnersAndRemotes) {
  for (const char* const program :
       {"a g>1 a f | t f", "a a g>1 g>1 a | t F t F", "a g>1 a g>2 | t f | t f"}) {
    compare_graphs(SlabFamily::kOwner, 1, program, Ordered::kByAtomics);
    compare_graphs(SlabFamily::kOwner, 2, program, Ordered::kByAtomics);
  }
}

TEST(GraphsAgainstReduced, ScenariosOfCachesAndOwners) {
  for (const model::Scenario& scenario : model::default_suite()) {
    const CheckJob job = model::job_of(scenario);
    if (job.slab.family == SlabFamily::kShared) continue;
    compare_graphs(job, Ordered::kByAtomics);
  }
}

// The region of a segment that was trimmed is what another growth gets, or not.
TEST(GraphsAgainstReduced, SlabHoldsWhereRegionsComeBack) {
  const CheckJob job = model::job_of(*model::find_scenario("trim_against_growth"));
  const Findings fresh = find_all(job, Search::kGraph);
  const Findings reused = find_all(job, Search::kGraph, true);
  EXPECT_TRUE(reused.finished && reused.holds);
  EXPECT_EQ(keys(reused.orders), keys(fresh.orders));
  EXPECT_TRUE(std::ranges::includes(reused.final_states, fresh.final_states));
  EXPECT_GT(reused.final_states.size(), fresh.final_states.size());
}

}  // namespace
}  // namespace slabproof::testing
