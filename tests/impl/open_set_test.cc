#include "slabproof/open_set.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "slabproof/std_sync.h"

namespace slabproof {
namespace {

using Set = OpenSet<StdSync>;

/// A set with the leaf words that it was widened with, compared with `std::set` at each question.
class Compared {
 public:
  explicit Compared(std::uint32_t room) { widen(room); }

  void widen(std::uint32_t room) {
    const std::size_t count = Set::leaves_needed(room_, room);
    // One word more than needed, which must stay untouched.
    auto* const words = static_cast<Set::Leaf*>(::operator new((count + 1) * sizeof(Set::Leaf)));
    for (std::size_t i = 0; i < count; ++i) std::construct_at(words + i, std::uint64_t{0});
    std::construct_at(words + count, kGuard);
    guards_.push_back(words + count);
    regions_.emplace_back(words);
    set_.widen(room_, room, words);
    room_ = room;
  }

  void insert(std::uint32_t member) {
    set_.insert(member);
    model_.insert(member);
  }
  void erase(std::uint32_t member) {
    set_.erase(member);
    model_.erase(member);
  }
  void expect_lowest_agrees(std::uint32_t from) const {
    const auto expected = model_.lower_bound(from);
    const auto found = set_.lowest(from);
    if (expected == model_.end()) {
      EXPECT_EQ(found, std::nullopt) << "from " << from;
    } else {
      EXPECT_EQ(found, *expected) << "from " << from;
    }
  }
  void expect_guards_intact() const {
    for (const Set::Leaf* guard : guards_) EXPECT_EQ(guard->read(), kGuard);
  }

 private:
  static constexpr std::uint64_t kGuard = 0x5ca1ab1e5ca1ab1e;
  struct Free {
    void operator()(Set::Leaf* words) const { ::operator delete(words); }
  };

  Set set_;
  std::set<std::uint32_t> model_;
  std::uint32_t room_ = 0;
  std::vector<std::unique_ptr<Set::Leaf, Free>> regions_;
  std::vector<const Set::Leaf*> guards_;
};

TEST(OpenSetTest, IsEmptyAtFirst) {
  const Set set;
  EXPECT_FALSE(set.lowest(0));
  EXPECT_FALSE(set.lowest(Set::kMaxMembers - 1));
  EXPECT_FALSE(set.lowest(Set::kMaxMembers));
}

TEST(OpenSetTest, NeedsNoLeavesForTheFirst64Members) {
  EXPECT_EQ(Set::leaves_needed(0, 1), 0U);
  EXPECT_EQ(Set::leaves_needed(0, 64), 0U);
  EXPECT_EQ(Set::leaves_needed(32, 64), 0U);
}

TEST(OpenSetTest, NeedsALeafForEachFurther64Members) {
  EXPECT_EQ(Set::leaves_needed(0, 128), 1U);
  EXPECT_EQ(Set::leaves_needed(64, 128), 1U);
  EXPECT_EQ(Set::leaves_needed(16, 256), 3U);
  EXPECT_EQ(Set::leaves_needed(128, 1024), 14U);
  EXPECT_EQ(Set::leaves_needed(0, Set::kMaxMembers), 4095U);
}

TEST(OpenSetTest, InsertAndEraseTwiceAreAsOnce) {
  Compared set(64);
  set.insert(5);
  set.insert(5);
  set.expect_lowest_agrees(0);
  set.erase(5);
  set.erase(5);
  set.expect_lowest_agrees(0);
}

TEST(OpenSetTest, FindsTheLowestAcrossTheBoundariesOfItsWords) {
  Compared set(Set::kMaxMembers);
  const std::vector<std::uint32_t> members = {0,     1,      62,     63,     64,    65,   127,
                                              128,   4094,   4095,   4096,   4097,  8191, 8192,
                                              65536, 131071, 262080, 262142, 262143};
  for (const std::uint32_t member : members) set.insert(member);
  for (const std::uint32_t member : members) {
    if (member > 0) set.expect_lowest_agrees(member - 1);
    set.expect_lowest_agrees(member);
    set.expect_lowest_agrees(member + 1);
  }
  // And with the lower ones gone, one after another.
  for (const std::uint32_t member : members) {
    set.erase(member);
    set.expect_lowest_agrees(0);
    set.expect_lowest_agrees(member);
  }
}

TEST(OpenSetTest, AnsweringFromEmptyWordsNeedsNoLeavesThere) {
  // The question may be put beyond the room: phase 3 asks from the number of segments.
  Compared set(64);
  set.insert(3);
  set.expect_lowest_agrees(64);
  set.expect_lowest_agrees(100'000);
}

class OpenSetRandomTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(OpenSetRandomTest, AgreesWithAnOrderedSet) {
  const std::uint32_t room = GetParam();
  std::mt19937 random(room);
  std::uniform_int_distribution<std::uint32_t> any(0, room - 1);
  Compared set(room);
  for (int step = 0; step < 20'000; ++step) {
    // Phases of growth and of decline, so that words become full and empty.
    const bool mostly_insert = step / 2'000 % 2 == 0;
    if (random() % 4 != 0 ? mostly_insert : !mostly_insert) {
      set.insert(any(random));
    } else {
      set.erase(any(random));
    }
    set.expect_lowest_agrees(0);
    set.expect_lowest_agrees(any(random));
  }
  set.expect_guards_intact();
}

INSTANTIATE_TEST_SUITE_P(Rooms, OpenSetRandomTest,
                         ::testing::Values(1, 2, 64, 128, 4096, 8192, Set::kMaxMembers));

TEST(OpenSetTest, WideningStepByStepKeepsTheMembers) {
  Compared set(1);
  set.insert(0);
  std::uint32_t next = 1;
  // Steps of different widths, as directories of different growers make them.
  for (const std::uint32_t room :
       {2U, 4U, 32U, 64U, 128U, 1024U, 2048U, 65536U, Set::kMaxMembers}) {
    set.widen(room);
    for (; next < room; next += 1 + next / 3) set.insert(next);
    set.insert(room - 1);
    for (std::uint32_t from = 0; from < room; from += 1 + from / 2) set.expect_lowest_agrees(from);
  }
  set.expect_guards_intact();
}

}  // namespace
}  // namespace slabproof
