#include "slabproof/misuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using ::testing::HasSubstr;

/// What `AbortMisuse` must write.
std::string message(const std::string& kind, const void* pointer, const void* slab) {
  char text[128];
  std::snprintf(text, sizeof(text), "slabproof: %s %p was given back to the slab at %p\n",
                kind.c_str(), pointer, slab);
  return text;
}

struct AbortConfig : DefaultConfig {
  using Misuse = AbortMisuse;
};

template <class Slab>
class AbortMisuseDeathTest : public ::testing::Test {
 protected:
  Slab slab_{4};
};

using BothSlabs =
    ::testing::Types<Slab<std::uint64_t, AbortConfig>, ExtendableSlab<std::uint64_t, AbortConfig>>;
TYPED_TEST_SUITE(AbortMisuseDeathTest, BothSlabs);

TYPED_TEST(AbortMisuseDeathTest, NamesTheForeignPointerAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::uint64_t elsewhere = 0;
  EXPECT_DEATH(slab.deallocate(&elsewhere),
               HasSubstr(message("the foreign pointer", &elsewhere, &slab)));
}

TYPED_TEST(AbortMisuseDeathTest, NamesTheMisalignedPointerAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::byte* const inside = slab.allocate().value().data + 1;
  EXPECT_DEATH(slab.deallocate(inside),
               HasSubstr(message("the misaligned pointer", inside, &slab)));
}

TYPED_TEST(AbortMisuseDeathTest, NamesTheSlotThatIsNotLiveAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::byte* const block = slab.allocate().value().data;
  EXPECT_TRUE(slab.deallocate(block));
  EXPECT_DEATH(slab.deallocate(block),
               HasSubstr(message("the pointer to a slot that is not live", block, &slab)));
}

TEST(AbortMisuseDirectDeathTest, AnUnknownKindStillNamesThePointer) {
  int anything = 0;
  EXPECT_DEATH(AbortMisuse::report(static_cast<MisuseKind>(99), &anything, nullptr),
               HasSubstr(message("the pointer", &anything, nullptr)));
}

/// Keeps what is reported to it.
struct KeepMisuse {
  struct Report {
    MisuseKind kind;
    const void* pointer;
    const void* slab;
    std::uint64_t locks_held;
    friend bool operator==(const Report&, const Report&) = default;
  };
  inline static std::vector<Report> reports;

  static void report(MisuseKind kind, const void* pointer, const void* slab) noexcept {
    reports.push_back({kind, pointer, slab, lock_counts.held});
  }
};

struct KeepConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Misuse = KeepMisuse;
};

class MisuseReportTest : public ::testing::Test {
 protected:
  void SetUp() override { KeepMisuse::reports.clear(); }
  ExtendableSlab<std::uint64_t, KeepConfig> slab_{4};
};

TEST_F(MisuseReportTest, ComesOnceForEachBadPointerAndWithoutTheLock) {
  const std::vector<Block> blocks = take_blocks(slab_, 2);
  std::uint64_t elsewhere = 0;
  void* const misaligned = blocks[0].data + 4;
  void* const never_used = blocks[1].data + 8;
  EXPECT_FALSE(slab_.deallocate(&elsewhere));
  EXPECT_FALSE(slab_.deallocate(misaligned));
  EXPECT_FALSE(slab_.deallocate(never_used));
  const std::vector<KeepMisuse::Report> expected = {
      {MisuseKind::kForeignPointer, &elsewhere, &slab_, 0},
      {MisuseKind::kMisalignedPointer, misaligned, &slab_, 0},
      {MisuseKind::kNotLive, never_used, &slab_, 0},
  };
  EXPECT_EQ(KeepMisuse::reports, expected);
}

TEST_F(MisuseReportTest, NamesTheRightPointersOfABatch) {
  const std::vector<Block> blocks = take_blocks(slab_, 2);
  std::uint64_t elsewhere = 0;
  const std::vector<void*> batch = {blocks[0].data, &elsewhere, blocks[1].data, blocks[1].data + 1};
  EXPECT_EQ(slab_.deallocate_batch(batch), 2U);
  const std::vector<KeepMisuse::Report> expected = {
      {MisuseKind::kForeignPointer, batch[1], &slab_, 0},
      {MisuseKind::kMisalignedPointer, batch[3], &slab_, 0},
  };
  EXPECT_EQ(KeepMisuse::reports, expected);
}

TEST_F(MisuseReportTest, GoodPointersAreNotReported) {
  const std::vector<Block> blocks = take_blocks(slab_, 6);
  give_back(slab_, blocks);
  EXPECT_TRUE(KeepMisuse::reports.empty());
}

}  // namespace
}  // namespace slabproof::testing
