// A slab that is wrong about pages inside a segment, which it is linked with, is found.

#include <gtest/gtest.h>

#include "tests/support/page_program.h"

namespace slabproof::testing {
namespace {

TEST(PageMutant, IsFound) {
  PagesOfThreads<PagedModelConfig<2>> execution({.threads = {"t", "oa"}, .slots = ".10....."});
  model::ExploreOptions options;
  options.trace = false;
  EXPECT_GT(model::explore(execution, options).violations, 0U);
}

}  // namespace
}  // namespace slabproof::testing
