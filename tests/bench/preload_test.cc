// For the tests that set LD_PRELOAD: what is tested is the library that it names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/bench/malloc_library.h"

namespace slabproof::bench {
namespace {

TEST(PreloadTest, MallocIsThatOfTheLibrary) {
  const char* const library = std::getenv("LD_PRELOAD");
  ASSERT_NE(library, nullptr);
  EXPECT_THAT(malloc_library(), ::testing::HasSubstr(library));
}

}  // namespace
}  // namespace slabproof::bench
