// A slab that is wrong about the places of its chunks, which it is linked with, is found.

#include <gtest/gtest.h>

#include "tests/support/chunk_program.h"

namespace slabproof::testing {
namespace {

TEST(ChunkMutant, IsFound) {
  ChunksOfThreads execution({.threads = {"aa", "oa"}, .segments = 5});
  model::ExploreOptions options;
  options.trace = false;
  EXPECT_GT(model::explore(execution, options).violations, 0U);
}

}  // namespace
}  // namespace slabproof::testing
