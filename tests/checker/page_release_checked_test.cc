// Trims that give back pages inside a segment, in every order of the slab's critical sections with
// what others do to that segment meanwhile. A page is one slot, or two.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/runtime/relacy_explore.h"
#include "slabproof/trim_policy.h"
#include "tests/support/execution_ends.h"
#include "tests/support/page_program.h"

namespace slabproof::testing {
namespace {

/// An outcome is the number of segments at the end, and that of the slots with fresh pages.
template <std::size_t kSlots, class Trim = TrimNever>
ExecutionEnds find_all(const PageProgram& program) {
  ExecutionEnds ends = explore_all(PagesOfThreads<PagedModelConfig<kSlots, Trim>>(program));
  expect_holds(ends);
  return ends;
}

TEST(PageReleaseChecked, BesideAnAllocation) {
  const ExecutionEnds ends = find_all<1>({.threads = {"t", "af"}, .slots = ".0.."});
  EXPECT_EQ(ends.outcomes, (std::set<std::string>{"1 2", "1 3"}));
  find_all<2>({.threads = {"t", "af"}, .slots = ".0...."});
}

TEST(PageReleaseChecked, BesideAllocationsOfAllThatTheTrimHolds) {
  const ExecutionEnds ends = find_all<1>({.threads = {"t", "aaa"}, .slots = ".0.."});
  EXPECT_EQ(ends.outcomes, (std::set<std::string>{"1 0"})) << "the slab grows for a trim";
  find_all<2>({.threads = {"t", "aaaaa"}, .slots = ".0...."});
}

TEST(PageReleaseChecked, BesideTheFreeOfTheLastLiveBlock) {
  const ExecutionEnds ends = find_all<1>({.threads = {"t", "o"}, .slots = "1.."});
  EXPECT_EQ(ends.outcomes, (std::set<std::string>{"1 2", "1 3"}));
  find_all<1>({.threads = {"t", "oa"}, .slots = "1.."});
  find_all<2>({.threads = {"t", "oa"}, .slots = ".1...."});
}

TEST(PageReleaseChecked, BesideAGrowth) {
  find_all<1>({.threads = {"t", "aaa"}, .slots = ".0."});
  find_all<1>({.threads = {"ot", "aa"}, .slots = "00"});
  find_all<2>({.threads = {"ot", "aaa"}, .slots = "00..0"});
}

TEST(PageReleaseChecked, BesideAnotherTrim) {
  find_all<1>({.threads = {"t", "ot"}, .slots = "1.0."});
  find_all<1>({.threads = {"ta", "ot"}, .slots = "1.0."});
  find_all<2>({.threads = {"ot", "ot"}, .slots = "01.1..0"});
}

TEST(PageReleaseChecked, OfASegmentWithRunsThatWentBefore) {
  find_all<1>({.threads = {"tot", "oaa"}, .slots = ".0.1.0."});
  find_all<2>({.threads = {"tot", "oaa"}, .slots = "...0..1..0..."});
}

TEST(PageReleaseChecked, BesideTwoOthers) {
  find_all<1>({.threads = {"t", "o", "a"}, .slots = "1.0."});
  find_all<1>({.threads = {"t", "oa", "a"}, .slots = ".1."});
  find_all<1>({.threads = {"ot", "oa", "ota"}, .slots = "0.12."});
}

TEST(PageReleaseChecked, ByItselfBesideOtherCalls) {
  find_all<1, TrimAbove<50>>({.threads = {"o", "af"}, .slots = "0..."});
  find_all<1, TrimAbove<50>>({.threads = {"o", "o"}, .slots = "0.1."});
  find_all<1, TrimAbove<50>>({.threads = {"oaf", "aaaa"}, .slots = "0.."});
}

}  // namespace
}  // namespace slabproof::testing
