// Which programs run on which family of slabs, and how one is made to fit.

#include "model/program/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace slabproof::model {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;
using enum SlabFamily;

std::optional<std::string> misfit(std::string_view program, const SlabSetup& slab) {
  return misfit_of(parse_program(program).value(), slab);
}

TEST(Fit, SharedSlabHasEveryOperation) {
  EXPECT_EQ(misfit("a f d x m | u c n s r ! z", {.recheck_all = false, .slot_states = true}),
            std::nullopt);
}

TEST(Fit, FreeOfMoreThanASlabTakesInOneSectionIsRefused) {
  std::string program;
  for (int i = 0; i < 16; ++i) program += "a16 ";
  EXPECT_EQ(misfit(program + "F a F", {}), std::nullopt);
  EXPECT_THAT(misfit("a | " + program + "a F", {}), Optional(HasSubstr("`F` of thread 1 may give "
                                                                       "back 257 blocks")));
}

TEST(Fit, CachesTellNoSecondFreeAndWriteNoZeros) {
  for (const SlabFamily family : {kCached, kAutoCached}) {
    EXPECT_EQ(misfit("a f x m | u c n s r !", {.family = family}), std::nullopt);
    EXPECT_THAT(misfit("a | a f d", {.family = family}),
                Optional(HasSubstr("`d` is not an operation of thread 1")));
    EXPECT_THAT(misfit("z", {.family = family}), Optional(HasSubstr("`z` is not an operation")));
  }
}

TEST(Fit, RemotesOnlyFreeWhatTheyAreGiven) {
  EXPECT_EQ(misfit("a g>1 c n s r ! z | t f F g>0", {.family = kOwner}), std::nullopt);
  for (const std::string_view program : {"a | a", "a | n", "a | x", "a | !", "a x", "a u"}) {
    EXPECT_THAT(misfit(program, {.family = kOwner}), Optional(HasSubstr("is not an operation of")))
        << program;
  }
}

TEST(Fit, OnlyASharedSlabIsSetUpInEveryWay) {
  for (const SlabFamily family : {kCached, kAutoCached, kOwner}) {
    EXPECT_THAT(misfit("a", {.recheck_all = false, .family = family}),
                Optional(HasSubstr("--recheck all")));
    EXPECT_THAT(misfit("a", {.slot_states = true, .family = family}),
                Optional(HasSubstr("slot-states")));
    EXPECT_THAT(misfit("a", {.family = family, .batch = 3}), Optional(HasSubstr("1 to 2")));
  }
}

TEST(Fit, FittedProgramFitsAndKeepsItsThreads) {
  const Program program = parse_program("a f d g>2 | a r | a t u f").value();
  EXPECT_EQ(to_text(fitted(program, kShared)), to_text(program));
  EXPECT_EQ(to_text(fitted(program, kCached)), "a f g>2 | a r | a t u f");
  EXPECT_EQ(to_text(fitted(program, kOwner)), "a f g>2 | t | t f");
}

TEST(Fit, FamiliesHaveNamesThatReadBack) {
  for (const SlabFamily family : {kShared, kCached, kAutoCached, kOwner}) {
    EXPECT_EQ(parse_family(to_text(family)), family);
  }
  EXPECT_EQ(parse_family("none"), std::nullopt);
}

}  // namespace
}  // namespace slabproof::model
