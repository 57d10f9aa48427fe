// What no scenario of the checker has: a slab with caches that ends while a thread that used it
// ends, or uses another one; slabs that begin together; and the shipped caches over a sync policy
// that loses a lock.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string_view>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/slab/model_backing.h"
#include "slabproof/cached_slab.h"
#include "slabproof/thread_cache.h"
#include "tests/support/place.h"

namespace slabproof::testing {
namespace {

using model::Failure;
using model::RelacySync;

constexpr std::size_t kThreads = 2;

// What the checker distinguishes has 64 bytes, so each block has them to itself.
struct alignas(64) Item {
  std::array<std::byte, 64> bytes;
};

template <class CheckedSync>
struct CacheConfig : DefaultConfig {
  using Sync = CheckedSync;
  using Backing = model::ModelBacking;
  static constexpr std::uint32_t magazine_rounds = 1;
};

/// What the threads do. a allocates, f frees the newest block held, e ends the thread's caches, x
/// ends the slab, o makes another slab, uses it and ends it, s lets the other thread go on, w waits
/// for that. Upper case stands for a cache of the thread's own, which exists from the beginning;
/// lower case for the one that comes by itself.
using CacheProgram = std::array<std::string_view, kThreads>;

/// Judges that no block has two owners (each owner makes an object of the policy in it), and that
/// all memory has gone at the end.
template <class CheckedSync>
class CachesOfThreads final : public model::Execution {
  using Config = CacheConfig<CheckedSync>;
  using Slab = CachedSlab<Item, Config>;
  using Cache = ThreadCache<Slab>;
  using Tables = typename CacheRegistry<CheckedSync>::Tables;
  using Owned = typename CheckedSync::template Var<std::uint64_t>;

 public:
  explicit CachesOfThreads(const CacheProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return kThreads; }

  void before() override {
    if constexpr (requires { CheckedSync::made; }) CheckedSync::made = 0;
    regions_ = 0;
    blocks_ = {};
    slab_.make(std::size_t{2});
    signal_.make(0U);
    for (std::size_t i = 0; i < kThreads; ++i) {
      caches_[i].forget();
      if (program_[i].find_first_of("AF") != std::string_view::npos) caches_[i].make(*slab_);
    }
  }

  void thread(std::size_t index) override {
    for (const char step : program_[index]) run(index, step);
  }

  void after() override {
    for (auto& cache : caches_) {
      if (cache.holds()) cache.end();
    }
    if (slab_.holds()) slab_.end();
    signal_.end();
  }

  std::optional<Failure> judge() override {
    if (regions_ != 0) return Failure{.label = "C3", .message = "a region stays behind"};
    return std::nullopt;
  }

  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++regions_;
    if (event.action == model::RegionAction::kReleased) --regions_;
  }

 private:
  static Owned* owned(std::byte* block) { return reinterpret_cast<Owned*>(block); }

  void run(std::size_t index, char step) {
    auto& blocks = blocks_[index];
    switch (step) {
      case 'a':
        return take(blocks, slab_->allocate()->data);
      case 'A':
        return take(blocks, caches_[index]->allocate()->data);
      case 'f':
        slab_->deallocate(release(blocks));
        return;
      case 'F':
        caches_[index]->deallocate(release(blocks));
        return;
      case 's':
        return signal_->store(1, std::memory_order::release);
      case 'w':
        while (signal_->load(std::memory_order::acquire) == 0) CheckedSync::pause();
        return;
      case 'e':
        return Tables::get().on_thread_exit();
      case 'x':
        return slab_.end();
      case 'o':
        return use_another_slab(others_[index]);
      default:
        model::abandon_execution(model::Defect::kHarness, "a step that no program has",
                                 std::source_location::current());
    }
  }

  static void use_another_slab(Place<Slab>& other) {
    other.make(std::size_t{2});
    other->deallocate(other->allocate()->data);
    other.end();
  }

  static void take(std::vector<std::byte*>& blocks, std::byte* block) {
    std::construct_at(owned(block), std::uint64_t{1});
    blocks.push_back(block);
  }
  static std::byte* release(std::vector<std::byte*>& blocks) {
    std::byte* const block = blocks.back();
    blocks.pop_back();
    std::destroy_at(owned(block));
    return block;
  }

  const CacheProgram program_;
  Place<Slab> slab_;
  Place<typename CheckedSync::template Atomic<std::uint32_t>> signal_;
  std::array<Place<Slab>, kThreads> others_;
  std::array<Place<Cache>, kThreads> caches_;
  std::array<std::vector<std::byte*>, kThreads> blocks_;
  int regions_ = 0;
};

template <class CheckedSync = RelacySync>
model::ExploreResult explored(const CacheProgram& program) {
  CachesOfThreads<CheckedSync> execution(program);
  model::ExploreOptions options;
  options.trace = false;
  return model::explore(execution, options);
}

TEST(ThreadCacheChecked, SlabMayEndWhileAThreadThatUsedItEnds) {
  // The second thread has used the slab before, and only ends beside its end.
  const auto result = explored({"wx", "afse"});
  EXPECT_EQ(result.violations, 0U) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

TEST(ThreadCacheChecked, SlabMayEndWhileAThreadThatUsedItUsesAnother) {
  // The end takes a cache out of the list in which the other thread looks.
  const auto result = explored({"wx", "afso"});
  EXPECT_EQ(result.violations, 0U) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

TEST(ThreadCacheChecked, SlabsMayBeginTogether) {
  const auto result = explored({"o", "o"});
  EXPECT_EQ(result.violations, 0U) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

// ---- Wrong variants ----

/// One mutex of those that an execution makes does nothing; in their order these are that of the
/// registry, of the slab, of the depot.
template <int kLost>
struct WithoutLock : RelacySync {
  static inline int made = 0;
  class Mutex {
   public:
    Mutex() noexcept : is_lost_(made++ == kLost) {}
    void lock(std::source_location where = std::source_location::current()) noexcept {
      if (!is_lost_) mutex_.lock(where);
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      if (!is_lost_) mutex_.unlock(where);
    }

   private:
    const bool is_lost_;
    RelacySync::Mutex mutex_;
  };
};

template <int kLost>
void expect_race(const CacheProgram& program) {
  const auto result = explored<WithoutLock<kLost>>(program);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, model::Defect::kDataRace) << result.violation->message;
}

TEST(ThreadCacheChecked, RegistryWithoutItsLockIsARace) {
  expect_race<0>({"wx", "afse"});
}

TEST(ThreadCacheChecked, SlabWithoutItsLockIsARace) {
  expect_race<1>({"AAFF", "AAFF"});
}

TEST(ThreadCacheChecked, DepotWithoutItsLockIsARace) {
  expect_race<2>({"AAFF", "AAFF"});
}

}  // namespace
}  // namespace slabproof::testing
