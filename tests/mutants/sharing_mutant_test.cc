// A slab that is wrong about who waits for a grower in flight, which it is linked with, is found.

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/support/growth_program.h"
#include "tests/support/sharing_program.h"

namespace slabproof::testing {
namespace {

TEST(SharingMutant, IsFound) {
  std::uint64_t violations = 0;
  for (const GrowthProgram& program :
       {GrowthProgram{.threads = {"a", "a"}, .segments = 1, .capacity = 1},
        GrowthProgram{.threads = {"aa", "aa"}, .segments = 1, .capacity = 2},
        GrowthProgram{.threads = {"o", "a", "a"}, .segments = 1, .capacity = 2}}) {
    SharingThreads<SharingConfig<Recheck::kAllSegments>> execution(program);
    model::ExploreOptions options;
    options.trace = false;
    violations += model::explore(execution, options).violations;
  }
  EXPECT_GT(violations, 0U);
}

}  // namespace
}  // namespace slabproof::testing
