// Chunks of several segments in every order of the slab's critical sections: growers that take
// places of one chunk, that bring a chunk which others use, that leave a place or a chunk over, and
// that are refused; trims of neighbours.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "tests/checker/chunk_program.h"

namespace slabproof::testing {
namespace {

struct Findings {
  std::set<std::pair<std::uint64_t, int>> outcomes;  ///< segments at the end, allocations refused
  model::ExploreResult result;
};

Findings find_all(const ChunkProgram& program) {
  ChunksOfThreads execution(program);
  Findings findings;
  model::ExploreOptions options;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) {
      findings.outcomes.emplace(execution.segments(), execution.failures());
    }
  };
  findings.result = model::explore(execution, options);
  EXPECT_EQ(findings.result.violations, 0U) << findings.result.violation->message;
  EXPECT_TRUE(findings.result.exhaustive);
  ::testing::Test::RecordProperty("executions", std::to_string(findings.result.executions));
  return findings;
}

TEST(SegmentChunkChecked, GrowersTakePlacesOfOneChunk) {
  // Five segments of eight places: three are left.
  find_all({.threads = {"aa", "aa"}, .segments = 5});
}

TEST(SegmentChunkChecked, GrowersBringChunksAtTheSameTime) {
  find_all({.threads = {"aa", "aa"}});
}

TEST(SegmentChunkChecked, PlaceThatIsNotNeededServesAnotherGrower) {
  const Findings findings = find_all({.threads = {"aa", "o"}, .segments = 5});
  EXPECT_EQ(findings.outcomes.size(), 2U) << "the free always comes too late, or never";
}

TEST(SegmentChunkChecked, ChunkThatIsNotNeededGoesBack) {
  find_all({.threads = {"a", "ofa"}});
}

TEST(SegmentChunkChecked, RefusedGrowerIsServedWhereAnotherOneBringsAPlace) {
  // The first one is refused a wider directory, and so a segment.
  const Findings findings = find_all({.threads = {"!a", "a"}});
  EXPECT_EQ(findings.outcomes.size(), 2U) << "the other one never helps, or always";
}

TEST(SegmentChunkChecked, ThreeGrowersShareAChunk) {
  find_all({.threads = {"a", "a", "oa"}, .segments = 6});
}

TEST(SegmentChunkChecked, NeighboursInOneChunkAreTrimmedAtTheSameTime) {
  find_all({.threads = {"ot", "ota"}});
}

}  // namespace
}  // namespace slabproof::testing
