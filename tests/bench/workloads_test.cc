// Every contender that is linked does every workload that it serves, a few times, with each block
// looked at.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "tests/bench/checked_contender.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {

void PrintTo(const Case& shown, std::ostream* stream) {
  *stream << shown.contender << ", " << shown.workload;
}

namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr Scale kSmall{.pairs = 4096, .live = 3000, .segment = 2, .bytes = std::size_t{256} << 10};

class EveryCase : public ::testing::TestWithParam<Case> {};

TEST_P(EveryCase, HandsOutDistinctBlocksThatKeepWhatIsWritten) {
  const Round round = GetParam().start_checked(kSmall);
  // A second round meets blocks that were freed.
  for (int i = 0; i < 2; ++i) {
    const Sample sample = round();
    EXPECT_TRUE(sample.intact);
    EXPECT_GT(sample.items, 0U);
    EXPECT_GT(sample.seconds, 0);
  }
  EXPECT_THAT(Faults::take(), IsEmpty());
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.contender + "_" + info.param.workload;
  std::ranges::replace_if(
      name, [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Bench, EveryCase, ::testing::ValuesIn(cases()), name_of);

/// Hands out one block again and again.
struct OneBlock {
  static constexpr const char* kName = "one block";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = 64;
  explicit OneBlock(std::size_t) {}
  struct Thread {
    Thread(OneBlock& contender, unsigned) : block(&contender.block) {}
    void* allocate() { return block; }
    void deallocate(void*) {}
    Object<kBytes>* block;
  };
  Object<kBytes> block;
};

TEST(CheckedContenderTest, FindsBlocksThatOverlap) {
  batch<Checked<OneBlock>>(kSmall, 1)();
  EXPECT_THAT(Faults::take(), Contains("a block overlaps one that is live"));
}

TEST(CheckedContenderTest, FindsASecondFree) {
  Checked<OneBlock> contender(1);
  Checked<OneBlock>::Thread thread(contender, 0);
  void* const block = thread.allocate();
  stamp(block);
  thread.deallocate(block);
  thread.deallocate(block);
  EXPECT_THAT(Faults::take(), Contains("a block was freed that is not live"));
}

TEST(CheckedContenderTest, FindsABlockThatWasOverwritten) {
  Checked<OneBlock> contender(1);
  Checked<OneBlock>::Thread thread(contender, 0);
  void* const block = thread.allocate();
  stamp(block);
  *static_cast<std::uintptr_t*>(block) += 1;
  thread.deallocate(block);
  EXPECT_THAT(Faults::take(), Contains("what was written to a block is lost"));
}

}  // namespace
}  // namespace slabproof::bench
