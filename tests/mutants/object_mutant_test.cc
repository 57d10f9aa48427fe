// A slab that is wrong about the end of an object, which it is linked with, is found.

#include <gtest/gtest.h>

#include "tests/support/object_program.h"

namespace slabproof::testing {
namespace {

TEST(ObjectMutant, IsFound) {
  EXPECT_GT(explore_objects({"cd", "cd"}).violations, 0U);
}

}  // namespace
}  // namespace slabproof::testing
