// Chunks of several segments in every order of the slab's critical sections: growers that take
// places of one chunk, that bring a chunk which others use, that leave a place or a chunk over, and
// that are refused; trims of neighbours.

#include <gtest/gtest.h>

#include "tests/support/chunk_program.h"
#include "tests/support/execution_ends.h"
#include "tests/support/growth_program.h"

namespace slabproof::testing {
namespace {

/// An outcome is the number of segments at the end and that of the allocations refused.
ExecutionEnds find_all(const GrowthProgram& program) {
  ExecutionEnds ends = explore_all(ChunksOfThreads(program));
  expect_holds(ends);
  return ends;
}

TEST(SegmentChunkChecked, GrowersTakePlacesOfOneChunk) {
  // Five segments of eight places: three are left.
  find_all({.threads = {"aa", "aa"}, .segments = 5});
}

TEST(SegmentChunkChecked, GrowersBringChunksAtTheSameTime) {
  find_all({.threads = {"aa", "aa"}});
}

TEST(SegmentChunkChecked, PlaceThatIsNotNeededServesAnotherGrower) {
  const ExecutionEnds findings = find_all({.threads = {"aa", "o"}, .segments = 5});
  EXPECT_EQ(findings.outcomes.size(), 2U) << "the free always comes too late, or never";
}

TEST(SegmentChunkChecked, ChunkThatIsNotNeededGoesBack) {
  find_all({.threads = {"a", "ofa"}});
}

TEST(SegmentChunkChecked, RefusedGrowerIsServedWhereAnotherOneBringsAPlace) {
  // The first one is refused a wider directory, and so a segment.
  const ExecutionEnds findings = find_all({.threads = {"!a", "a"}});
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
