#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "model/oracle/oracle.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace {

std::atomic<std::uint64_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace slabproof::model {
namespace {

TEST(OracleAllocation, JudgingAGoodHistoryAllocatesNothing) {
  HistoryBuilder run("a3 F r x | ! a f", only_new(1));
  run.passes(1);
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0).granted(0, 2).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0), slot(2, 0)}).section(1).refused(1);
  run.section(0).frees(0, {slot(0, 0), slot(1, 0), slot(2, 0)});
  run.section(1).serves(1, {slot(0, 0)});
  run.section(0).discarded(0, slot(1, 0), kStride).section(0).discarded(0, slot(2, 0), kStride);
  run.section(0).answers(0, 2 * kStride).section(0).offers(0, 0x666).free(1, slot(0, 0));
  run.ends_with_segments(3);
  Oracle oracle(run.setting(), run.program());

  const std::uint64_t before = allocations;
  const auto violation = oracle.judge(run.history());
  EXPECT_EQ(allocations, before);
  EXPECT_THAT(violation, holds());
}

TEST(OracleAllocation, JudgingALongHistoryAllocatesNothing) {
  std::string text = "a16";
  for (std::size_t op = 1; op < kMaxOpsPerThread; ++op) text += op % 2 == 1 ? " F" : " a16";
  HistoryBuilder run(text, all(1));
  for (std::size_t segment = 0; segment < kMaxBatch; ++segment) run.section(0).granted(0, segment);
  run.section(0);
  const auto sixteen = {slot(0, 0),  slot(1, 0),  slot(2, 0),  slot(3, 0), slot(4, 0),  slot(5, 0),
                        slot(6, 0),  slot(7, 0),  slot(8, 0),  slot(9, 0), slot(10, 0), slot(11, 0),
                        slot(12, 0), slot(13, 0), slot(14, 0), slot(15, 0)};
  run.serves(0, sixteen);
  for (std::size_t op = 1; op < kMaxOpsPerThread; ++op) {
    run.section(0);
    op % 2 == 1 ? run.frees(0, sixteen) : run.serves(0, sixteen);
  }
  run.ends_with_segments(kMaxBatch);
  Oracle oracle(run.setting(), run.program());

  const std::uint64_t before = allocations;
  const auto violation = oracle.judge(run.history());
  EXPECT_EQ(allocations, before);
  EXPECT_THAT(violation, holds());
}

}  // namespace
}  // namespace slabproof::model
