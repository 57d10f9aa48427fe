#include "tests/slab/order_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/oracle/reference_slab.h"
#include "model/program/program.h"

namespace slabproof::model {

void PrintTo(const OrderCount& count, std::ostream* stream) {
  *stream << count.orders << " orders, " << count.orbits << " orbits, over-growth "
          << count.max_over_growth << ", " << count.max_segments << " segments";
}

namespace {

using Kind = Op::Kind;
using testing::HasSubstr;

OrderCount counted(std::string_view program, OrderRules rules) {
  return count_orders(parse_program(program).value(), rules).value();
}

// What is known from elsewhere.

struct KnownCount {
  std::string_view program;
  std::uint64_t orders;
  std::uint64_t orbits;
};

void PrintTo(const KnownCount& known, std::ostream* stream) {
  *stream << known.program;
}

class KnownOrders : public testing::TestWithParam<KnownCount> {};

TEST_P(KnownOrders, OfOneSlotSegmentsWhereOnlyNewOnesAreLookedAt) {
  const OrderCount count = counted(GetParam().program, {.capacity = 1, .recheck_all = false});
  EXPECT_EQ(count.orders, GetParam().orders);
  EXPECT_EQ(count.orbits, GetParam().orbits);
}

INSTANTIATE_TEST_SUITE_P(
    OrderCounter, KnownOrders,
    testing::Values(KnownCount{"a f | a f", 20, 10}, KnownCount{"a f a f | a f a f", 290, 145},
                    KnownCount{"a f | a f | a f", 1548, 258},
                    KnownCount{"a f | a f | a f | a f", 304'680, 12'695},
                    KnownCount{"a f a f | a f a f | a f a f", 1'151'496, 191'916}));

// By hand.

TEST(OrderCounter, OneThreadHasOneOrder) {
  EXPECT_EQ(counted("a a3 F n s", {.capacity = 2}).orders, 1U);
}

TEST(OrderCounter, QueriesAreOneSectionEach) {
  EXPECT_EQ(counted("n n | s s", {}).orders, 6U);  // 4! / (2! 2!)
}

TEST(OrderCounter, AMissIsTwoSections) {
  EXPECT_EQ(counted("a | n", {}).orders, 3U);
}

TEST(OrderCounter, AHitIsOneSection) {
  EXPECT_EQ(counted("a | n", {.initial_segments = 1}).orders, 2U);
}

TEST(OrderCounter, ABatchHasOneSectionMoreForEachFurtherSegment) {
  EXPECT_EQ(counted("a3 | n", {.capacity = 1}).orders, 5U);
}

TEST(OrderCounter, ARefusedAllocationLooksTwice) {
  EXPECT_EQ(counted("! a3 | n", {.capacity = 1}).orders, 3U);
}

TEST(OrderCounter, ARefusedAllocationThatWaitsLooksOnceMoreWhenItsWaitIsOver) {
  // In two of the six orders of the first sections it is refused while the other one grows, and in
  // those it looks again when the other one has ended: before or after a free by that thread.
  EXPECT_EQ(counted("! a | a", {.capacity = 1}).orders, 6U);
  EXPECT_EQ(counted("! a | a f", {.capacity = 1}).orders, 1U + 2U + 2U + 2U + 2U + 3U);
}

TEST(OrderCounter, ATrimHasOneSectionMoreThanSegmentsThatItClaims) {
  EXPECT_EQ(counted("a2 F r | n", {.capacity = 1}).orders, 8U);  // 3 + 1 + 3 sections and one
}

TEST(OrderCounter, SkippedOperationsHaveNoSection) {
  EXPECT_EQ(counted("f F f@1 u m d ! | n", {}).orders, 1U);
}

TEST(OrderCounter, ASecondFreeIsASectionWhereItCanBeTold) {
  EXPECT_EQ(counted("a f d | n", {}).orders, 4U);
  EXPECT_EQ(counted("a f d | n", {.detects_second_free = true}).orders, 5U);
}

TEST(OrderCounter, ThreadsWithDifferentProgramsAreNotInterchangeable) {
  const OrderCount count = counted("n | s", {});
  EXPECT_EQ(count.orders, 2U);
  EXPECT_EQ(count.orbits, 2U);
}

TEST(OrderCounter, OnlyEqualThreadsAreInterchangeable) {
  const OrderCount count = counted("n | s | n", {});
  EXPECT_EQ(count.orders, 6U);
  EXPECT_EQ(count.orbits, 3U);
}

TEST(OrderCounter, EqualThreadsWithoutSectionsAreInterchangeable) {
  const OrderCount count = counted("f | n | f", {});
  EXPECT_EQ(count.orders, 1U);
  EXPECT_EQ(count.orbits, 1U);
}

TEST(OrderCounter, CountsMoreThanCouldBeListed) {
  EXPECT_EQ(counted("n n n n n n | n n n n n n | n n n n n n | s s s s s s", {}).orders,
            2'308'743'493'056U);  // 24! / 6!^4
}

// What it refuses.

TEST(OrderCounter, RefusesBlocksThatMoveBetweenThreads) {
  const auto count = count_orders(parse_program("a g>1 | t f").value(), {});
  ASSERT_FALSE(count);
  EXPECT_FALSE(count.error().is_limit);
  EXPECT_THAT(count.error().message, HasSubstr("\"g>1\" moves a block between threads"));
}

TEST(OrderCounter, RefusesACapacityOfNone) {
  const auto count = count_orders(parse_program("a").value(), {.capacity = 0});
  ASSERT_FALSE(count);
  EXPECT_FALSE(count.error().is_limit);
}

TEST(OrderCounter, RefusesAProgramThatIsNotWellFormed) {
  EXPECT_FALSE(count_orders(Program{}, {}));
}

TEST(OrderCounter, GivesUpOnMoreStatesThanItMayHold) {
  const auto count = count_orders(parse_program("a f | a f").value(), {.max_states = 10});
  ASSERT_FALSE(count);
  EXPECT_TRUE(count.error().is_limit);
}

TEST(OrderCounter, GivesUpOnMoreOrdersThanANumberHolds) {
  const auto count = count_orders(
      parse_program("n n n n | n n n n | n n n n | n n n n | n n n n | n n n n | n n n n | n n n n")
          .value(),
      {});
  ASSERT_FALSE(count);
  EXPECT_TRUE(count.error().is_limit);
  EXPECT_THAT(count.error().message, HasSubstr("64-bit"));
}

// Against the sequential specification, which the oracle judges by: each order is run to its end.

using Stage = ReferenceSlab::Stage;

bool waits(Stage stage) {
  return stage != Stage::kDone && stage != Stage::kGrows;
}

class Lister {
 public:
  Lister(const Program& program, OrderRules rules)
      : program_(program), rules_(rules), threads_(program.threads.size()) {}

  OrderCount list() {
    list_from({ReferenceSlab({rules_.capacity, rules_.initial_segments, rules_.recheck_all}),
               std::vector<Thread>(program_.threads.size())});
    return total_;
  }

 private:
  struct Thread {
    std::size_t next = 0;
    bool inside = false;
    bool refuse = false;
    bool had_a_block = false;
    ReferenceSlab::Allocation allocation;
    ReferenceSlab::Trim trim;
    std::vector<std::uint32_t> held;
  };
  struct State {
    ReferenceSlab slab;
    std::vector<Thread> threads;
  };

  void list_from(State state) {
    bool ended = true;
    for (std::size_t i = 0; i < threads_; ++i) {
      skip(state.threads[i], program_.threads[i]);
      ended = ended && state.threads[i].next == program_.threads[i].size();
    }
    if (ended) return add(state.slab);
    for (std::size_t i = 0; i < threads_; ++i) {
      if (state.threads[i].next == program_.threads[i].size()) continue;
      State after = state;
      const Stage before = after.threads[i].allocation.stage;
      step(after.slab, after.threads[i], program_.threads[i][after.threads[i].next]);
      // A look that finds nothing, and after which the thread waits on, is no section.
      if (waits(before) && after.threads[i].allocation.stage == before) continue;
      list_from(std::move(after));
    }
  }

  static void skip(Thread& thread, const std::vector<Op>& ops) {
    for (; !thread.inside && thread.next < ops.size(); ++thread.next) {
      const Op op = ops[thread.next];
      const bool needs_block = op.kind == Kind::kFreeAll || op.kind == Kind::kUsableSize ||
                               (op.kind == Kind::kFree && op.argument == Op::kNewest);
      const bool skipped =
          (needs_block && thread.held.empty()) || op.kind == Kind::kFreeAgain ||
          (op.kind == Kind::kFree && !needs_block && op.argument >= thread.held.size()) ||
          (op.kind == Kind::kFreeMisaligned && !thread.had_a_block);
      thread.refuse = thread.refuse || op.kind == Kind::kFailNextRequest;
      if (!skipped && op.kind != Kind::kFailNextRequest) return;
    }
  }

  static void step(ReferenceSlab& slab, Thread& thread, Op op) {
    bool done = true;
    if (op.kind == Kind::kAllocate) {
      done = allocate(slab, thread, op.argument);
    } else if (op.kind == Kind::kTrim) {
      slab.trim(thread.trim);
      done = thread.trim.finished;
      if (done) thread.trim = {};
    } else if (op.kind == Kind::kFreeAll) {
      for (const std::uint32_t segment : thread.held) slab.free(segment);
      thread.held.clear();
    } else if (op.kind == Kind::kFree) {
      const std::size_t position =
          op.argument == Op::kNewest ? thread.held.size() - 1 : op.argument;
      slab.free(thread.held[position]);
      thread.held.erase(thread.held.begin() + static_cast<std::ptrdiff_t>(position));
    }
    thread.inside = !done;
    if (done) ++thread.next;
  }

  static bool allocate(ReferenceSlab& slab, Thread& thread, std::uint32_t wanted) {
    ReferenceSlab::Section section;
    if (!thread.inside) {
      section = slab.begin_allocate(thread.allocation, wanted);
    } else if (thread.allocation.stage == Stage::kAwaitsTrims ||
               thread.allocation.stage == Stage::kRefused) {
      section = slab.look_again(thread.allocation);
    } else {
      const bool refused = thread.refuse;
      section = slab.continue_allocate(
          thread.allocation,
          {.segment = !refused, .directory = !refused && thread.allocation.directory_width != 0});
      if (thread.allocation.stage != Stage::kParked) thread.refuse = false;
    }
    thread.held.insert(thread.held.end(), section.taken.begin(), section.taken.end());
    thread.had_a_block = thread.had_a_block || !thread.held.empty();
    EXPECT_LE(slab.segments(), slab.directory_room());
    return thread.allocation.stage == Stage::kDone;
  }

  void add(const ReferenceSlab& slab) {
    const auto needed = std::max<std::uint64_t>(
        rules_.initial_segments, (slab.peak_live() + rules_.capacity - 1) / rules_.capacity);
    const auto over_growth = static_cast<std::uint32_t>(slab.segments() - needed);
    ++total_.orders;
    total_.max_segments = std::max(total_.max_segments, slab.segments());
    total_.max_over_growth = std::max(total_.max_over_growth, over_growth);
  }

  const Program& program_;
  const OrderRules rules_;
  const std::size_t threads_;
  OrderCount total_;
};

class EveryProgram : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryProgram, HasTheOrdersOfTheSequentialSpecification) {
  const Program program = parse_program(GetParam()).value();
  for (const std::uint32_t capacity : {1U, 2U, 3U}) {
    for (const bool recheck_all : {false, true}) {
      for (const std::uint32_t initial_segments : {0U, 1U}) {
        const OrderRules rules{capacity, recheck_all, initial_segments};
        SCOPED_TRACE(testing::Message() << "capacity " << capacity << ", recheck all "
                                        << recheck_all << ", initial " << initial_segments);
        const OrderCount listed = Lister(program, rules).list();
        const OrderCount count = count_orders(program, rules).value();
        EXPECT_EQ(count.orders, listed.orders);
        EXPECT_EQ(count.max_over_growth, listed.max_over_growth);
        EXPECT_EQ(count.max_segments, listed.max_segments);
        if (recheck_all) {
          EXPECT_EQ(count.max_over_growth, 0U);
        }
      }
    }
  }
}

constexpr std::string_view kPrograms[] = {
    "a f | a f",
    "a f a f | a f a f",
    "a a f f | a f",
    "a a f f | a a f f",
    "a a f@0 f@0 | a f",
    "a f | a a a f f f",
    "a | a",
    "a a | a a",
    "a2 F | a f",
    "a2 F | a2 F",
    "a3 F | a a F",
    "a3 | a2",
    "a5 F | a F",
    "! a f | a f",
    "! a f | ! a f",
    "! a ! a f | ! a f",
    "a ! a f F | a a F",
    "! a3 F | a2 F",
    "a f r | a a f f",
    "a f r | r a f",
    "a2 F r | a f",
    "a3 F r | n",
    "a f | n c s",
    "x m a m f | a f",
    "a u f u | a f",
    "f F u m | a",
    "a2 f@1 f@1 F | a F",
    "a F a F | a2 F",
    "a f | a f | a f",
    "a | a | a",
    "a2 F | a f | a f",
    "! a f | a f | n",
    "! a2 F | a f | a f",
    "! a | ! a f | a f | n",
    "a f r | a f | n",
    "a f r | ! a f | a f",
    "a2 F r | a2 F | a",
    "a f r | r a f | a f",
    "a f | ! a | r",
    "a f | r | r",
    "a a F | a | a",
    "n | n | n",
    "a f | a f | n",
    "a2 | a2 | a2",
    "a f | n | n | n",
    "a | a | a | a",
    "a f | a | a | n",
    "! a | ! a | a f",
    "a3 F | a3 F | s",
    "a | r | a f | n",
};

INSTANTIATE_TEST_SUITE_P(OrderCounter, EveryProgram, testing::ValuesIn(kPrograms));

}  // namespace
}  // namespace slabproof::model
