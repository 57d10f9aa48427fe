// Failure atomicity (property S11) by plan: of a whole run each request to the backing is refused,
// and each two of them. Nothing is lost, each later call succeeds, the counters are right.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab_owner.h"
#include "tests/support/observed_policies.h"
#include "tests/support/persistent_user.h"

namespace slabproof::testing {
namespace {

/// What caches and remotes move is little, so that a short run makes every request that there is.
template <Recheck kRecheck, std::uint32_t kReserveShare>
struct SmallConfig : ObservedConfig<kRecheck> {
  using RemoteBatch = FixedBatch<3>;
  static constexpr std::uint32_t reserve_share = kReserveShare;
  static constexpr std::uint32_t magazine_rounds = 2;
  static constexpr std::size_t depot_magazines = 2;
};

constexpr auto kAll = Recheck::kAllSegments;
constexpr auto kNew = Recheck::kNewSegments;
using Word = std::uint64_t;

template <class Slab>
class FaultPlanTest : public ::testing::Test {
 protected:
  /// Requests of a run in which those of these numbers are refused, and its failed calls.
  struct Run {
    std::uint64_t requests = 0;
    std::size_t failures = 0;
  };
  static Run run(const std::vector<std::uint64_t>& refused) {
    Environment& script = new_environment();
    script.refuse_each(refused);
    Run run;
    {
      std::optional<Slab> slab(std::in_place, 2);
      // An owner that could not be built says so, and another attempt builds one.
      while (slab->error()) slab.emplace(2);
      run.failures = run_persistent_script(*slab);
    }
    EXPECT_EQ(script.refusals, refused.size());
    EXPECT_EQ(regions_held(), 0) << "a region was leaked";
    EXPECT_EQ(script.backing_calls_under_lock, 0U);
    run.requests = script.requests;
    return run;
  }
};

using Slabs =
    ::testing::Types<ExtendableSlab<Word, SmallConfig<kAll, 0>>,
                     ExtendableSlab<Word, SmallConfig<kNew, 0>>,
                     ExtendableSlab<Word, SmallConfig<kAll, 2>>,
                     CachedSlab<Word, SmallConfig<kAll, 0>>, CachedSlab<Word, SmallConfig<kNew, 2>>,
                     SlabOwner<Word, SmallConfig<kAll, 0>>, SlabOwner<Word, SmallConfig<kNew, 2>>>;
TYPED_TEST_SUITE(FaultPlanTest, Slabs);

TYPED_TEST(FaultPlanTest, RefusalOfEachRequestAndOfEachTwoLosesNothing) {
  const auto undisturbed = this->run({});
  EXPECT_EQ(undisturbed.failures, 0U);
  ASSERT_GT(undisturbed.requests, 10U);
  std::size_t failures = 0;
  std::uint64_t runs = 0;
  for (std::uint64_t first = 0; first < undisturbed.requests; ++first) {
    // A refused request is made again by a later call.
    const std::uint64_t requests = this->run({first}).requests;
    for (std::uint64_t second = first + 1; second < requests && !this->HasFailure(); ++second) {
      SCOPED_TRACE(::testing::Message() << first << " and " << second);
      failures += this->run({first, second}).failures;
      ++runs;
    }
  }
  // Some fell on calls that had nothing to serve, others on what can be done without.
  EXPECT_GT(failures, 0U);
  EXPECT_LT(failures, 2 * runs);
}

}  // namespace
}  // namespace slabproof::testing
