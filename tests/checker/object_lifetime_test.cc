// Whole objects in every order of the slab's critical sections: a destructor runs once, and before
// anyone else has the memory; and growth is exact, beside a reserve too.

#include <gtest/gtest.h>

#include "tests/support/object_program.h"

namespace slabproof::testing {
namespace {

void expect_holds(const ObjectProgram& program) {
  const model::ExploreResult result = explore_objects(program);
  EXPECT_EQ(result.violations, 0U) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

TEST(ObjectLifetime, DestructorRunsBeforeTheBlockIsHandedOutAgain) {
  expect_holds({"cd", "cd"});
}

TEST(ObjectLifetime, OneOfTwoDestroysOfOneObjectRunsItsDestructor) {
  expect_holds({"s", "s"});
}

TEST(ObjectLifetime, DestroyBesideOtherObjectsOfTheSegment) {
  expect_holds({"s", "cd", "c"});
}

TEST(ObjectLifetime, ReserveBesideGrowthAddsWhatIsMissing) {
  expect_holds({"r", "cc", "c"});
}

TEST(ObjectLifetime, TwoReservesAddTheirRoomOnce) {
  expect_holds({"r", "r", "c"});
}

}  // namespace
}  // namespace slabproof::testing
