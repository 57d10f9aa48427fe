// The shipped caches in every order of their locks: magazines of one and two blocks, gifts between
// threads, refused memory, and threads and slabs that end in either order, also at the same time.
// The wrong variants are the shipped code over a sync policy that loses a lock.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/slab/model_backing.h"
#include "model/slab/property.h"
#include "slabproof/cached_slab.h"
#include "slabproof/thread_cache.h"
#include "tests/support/place.h"

namespace slabproof::testing {
namespace {

using model::Failure;
using model::RelacySync;

constexpr std::size_t kThreads = 2;

// What the checker tells apart has 64 bytes, so each block has them to itself.
struct alignas(64) Item {
  std::array<std::byte, 64> bytes;
};

/// A checked policy with storage for each thread of the model and for the execution.
template <class Base>
struct Threaded : Base {
  template <class T>
  class ThreadLocal {
   public:
    static T& get() noexcept { return *of_this_thread(); }
    static void arm() noexcept { armed[actor()] = true; }

    static void begin() {
      for (auto& value : values) value.make();
      armed = {};
    }
    /// The running thread of the model ends.
    static void end_thread() {
      if (std::exchange(armed[actor()], false)) get().on_thread_exit();
    }
    static void end() {
      for (auto& value : values) value.end();
    }

   private:
    static std::size_t actor() noexcept { return model::Engine::instance().actor(); }
    static Place<T>& of_this_thread() noexcept { return values[actor()]; }
    static inline std::array<Place<T>, kThreads + 1> values{};
    static inline std::array<bool, kThreads + 1> armed{};
  };

  template <class T>
  class Global {
   public:
    static T& get() noexcept { return *value; }
    static void begin() { value.make(); }
    static void end() { value.end(); }

   private:
    static inline Place<T> value{};
  };
};

template <class CheckedSync, std::uint32_t kRounds>
struct CacheConfig : DefaultConfig {
  using Sync = Threaded<CheckedSync>;
  using Backing = model::ModelBacking;
  static constexpr std::uint32_t magazine_rounds = kRounds;
  static constexpr std::size_t depot_magazines = 1;
};

/// What the threads do. a allocates, f frees the newest block held, ! has the next request to the
/// backing refused, e ends the thread's caches, x ends the slab, s tells the other thread to go on,
/// w waits for that. Upper case stands for a cache of the thread's own, which exists from the
/// beginning; lower case for the one that comes by itself.
struct CacheProgram {
  std::array<std::string_view, kThreads> threads;
  std::size_t capacity = 2;
};

/// Judges that no block has two owners (each owner makes an object of the policy in it), that
/// nothing is lost, and that all memory has gone at the end.
template <class CheckedSync, std::uint32_t kRounds>
class CachesOfThreads final : public model::Execution {
  using Config = CacheConfig<CheckedSync, kRounds>;
  using Slab = CachedSlab<Item, Config>;
  using Cache = ThreadCache<Slab>;
  using Registry = CacheRegistry<typename Config::Sync>;
  using Tables = typename Registry::Tables;
  using Process = typename Registry::Processes;
  using Owned = typename CheckedSync::template Var<std::uint64_t>;

 public:
  explicit CachesOfThreads(const CacheProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return kThreads; }

  void before() override {
    state_ = State{};
    Tables::begin();
    Process::begin();
    slab_.make(program_.capacity);
    signal_.make(0U);
    for (std::size_t i = 0; i < kThreads; ++i) {
      caches_[i].forget();
      if (program_.threads[i].find_first_of("AF") != std::string_view::npos) {
        caches_[i].make(*slab_);
      }
    }
  }

  void thread(std::size_t index) override {
    for (const char step : program_.threads[index]) run(index, step);
    Tables::end_thread();
  }

  void after() override {
    state_.held = 0;
    for (std::size_t i = 0; i < kThreads; ++i) {
      if (caches_[i].holds()) caches_[i].end();
      state_.held += state_.blocks[i].size();
    }
    if (!slab_.holds()) return end_all();
    slab_->trim();
    state_.stats = slab_->stats();
    for (auto& blocks : state_.blocks) {
      for (std::byte* const block : blocks) std::destroy_at(owned(block));
    }
    slab_.end();
    end_all();
  }

  std::optional<Failure> judge() override {
    if (state_.regions != 0) return Failure{.label = "C3", .message = "a region stays behind"};
    if (state_.slab_ended) return std::nullopt;
    const SlabStats& stats = state_.stats;
    if (stats.live != state_.held) {
      return Failure{.label = "C1", .message = "a block is neither held, nor free"};
    }
    if (stats.live + stats.free + stats.uncarved != stats.segments * stats.capacity) {
      return Failure{.label = "C1", .message = "slots are lost from the sum"};
    }
    if (stats.segments != (stats.peak_live + stats.capacity - 1) / stats.capacity) {
      return Failure{.label = "C4", .message = "more segments than what was live or cached needed"};
    }
    return std::nullopt;
  }

  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++state_.regions;
    if (event.action == model::RegionAction::kReleased) --state_.regions;
  }

  [[nodiscard]] std::string outcome() const {
    return std::to_string(state_.stats.segments) + " " + std::to_string(state_.failures);
  }

 private:
  struct State {
    std::array<std::vector<std::byte*>, kThreads> blocks;
    SlabStats stats;
    std::uint64_t held = 0;
    int regions = 0;
    int failures = 0;
    bool slab_ended = false;
  };

  static Owned* owned(std::byte* block) { return reinterpret_cast<Owned*>(block); }

  void run(std::size_t index, char step) {
    auto& blocks = state_.blocks[index];
    switch (step) {
      case 'a':
        return take(blocks, slab_->allocate());
      case 'A':
        return take(blocks, caches_[index]->allocate());
      case 'f':
      case 'F': {
        if (blocks.empty()) return;
        std::byte* const block = blocks.back();
        blocks.pop_back();
        std::destroy_at(owned(block));
        step == 'f' ? slab_->deallocate(block) : caches_[index]->deallocate(block);
        return;
      }
      case '!':
        model::Engine::instance().fail_next_request();
        return;
      case 's':
        return signal_->store(1, std::memory_order::release);
      case 'w':
        while (signal_->load(std::memory_order::acquire) == 0) CheckedSync::pause();
        return;
      case 'e':
        return Tables::end_thread();
      case 'x':
        state_.slab_ended = true;
        return slab_.end();
      default:
        model::abandon_execution(model::Defect::kHarness, "a step that no program has",
                                 std::source_location::current());
    }
  }

  void take(std::vector<std::byte*>& blocks, const std::expected<Block, AllocError>& block) {
    if (!block) {
      ++state_.failures;
      return;
    }
    std::construct_at(owned(block->data), std::uint64_t{1});
    blocks.push_back(block->data);
  }

  void end_all() {
    signal_.end();
    Tables::end();
    Process::end();
  }

  const CacheProgram program_;
  Place<Slab> slab_;
  Place<typename CheckedSync::template Atomic<std::uint32_t>> signal_;
  std::array<Place<Cache>, kThreads> caches_;
  State state_;
};

struct Findings {
  std::set<std::string> outcomes;
  model::ExploreResult result;
};

template <std::uint32_t kRounds, class CheckedSync = RelacySync>
Findings find_all(const CacheProgram& program) {
  CachesOfThreads<CheckedSync, kRounds> execution(program);
  Findings findings;
  model::ExploreOptions options;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) findings.outcomes.insert(execution.outcome());
  };
  findings.result = model::explore(execution, options);
  return findings;
}

void expect_holds(const Findings& findings) {
  EXPECT_EQ(findings.result.violations, 0U) << findings.result.violation->message;
  EXPECT_TRUE(findings.result.exhaustive);
}

// ---- The shipped code ----

TEST(ThreadCacheChecked, MagazinesOfOneBlockMoveBetweenThreads) {
  expect_holds(find_all<1>({.threads = {"AAFF", "AAFF"}}));
}

TEST(ThreadCacheChecked, MagazinesOfTwoBlocksMoveBetweenThreads) {
  expect_holds(find_all<2>({.threads = {"AAAFFF", "AAFF"}}));
}

TEST(ThreadCacheChecked, DepotThatIsFullSendsBlocksToTheSlab) {
  expect_holds(find_all<1>({.threads = {"AAAAFFFF", "A"}}));
}

TEST(ThreadCacheChecked, RefusedMemoryLosesNothing) {
  const Findings findings = find_all<1>({.threads = {"!A", "AAAFFF"}, .capacity = 1});
  expect_holds(findings);
  EXPECT_GT(findings.outcomes.size(), 1U) << "the depot never helps, or always";
}

TEST(ThreadCacheChecked, CachesThatComeByThemselvesEndWithTheirThreads) {
  expect_holds(find_all<1>({.threads = {"af", "af"}}));
}

TEST(ThreadCacheChecked, SlabMayEndWhileAThreadThatUsedItEnds) {
  // The second thread has used the slab before, and only ends beside its end.
  expect_holds(find_all<1>({.threads = {"wx", "afse"}}));
}

// ---- Wrong variants ----

/// Every mutex but the first that an execution makes does nothing: the registry's excludes, that of
/// the slab or that of the depot does not.
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
std::string found_without_lock() {
  // The order in which an execution makes them: registry, slab, depot.
  CachesOfThreads<WithoutLock<kLost>, 1> execution({.threads = {"AAFF", "AAFF"}});
  struct Counted final : model::Execution {
    explicit Counted(model::Execution& inner) : inner_(inner) {}
    std::size_t thread_count() const override { return inner_.thread_count(); }
    void before() override {
      WithoutLock<kLost>::made = 0;
      inner_.before();
    }
    void thread(std::size_t index) override { inner_.thread(index); }
    void after() override { inner_.after(); }
    std::optional<Failure> judge() override { return inner_.judge(); }
    void region_event(const model::RegionEvent& event) override { inner_.region_event(event); }
    model::Execution& inner_;
  } counted(execution);
  model::ExploreOptions options;
  options.trace = false;
  const auto result = model::explore(counted, options);
  return result.violation ? std::string(model::name_of(*result.violation)) : "";
}

TEST(ThreadCacheChecked, SlabWithoutItsLockIsARace) {
  EXPECT_EQ(found_without_lock<1>(), "data race");
}

TEST(ThreadCacheChecked, DepotWithoutItsLockIsARace) {
  EXPECT_EQ(found_without_lock<2>(), "data race");
}

}  // namespace
}  // namespace slabproof::testing
