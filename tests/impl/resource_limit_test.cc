// Limits of the operating system, reached on purpose in a child process: address space, mappings,
// memory of a control group; and signals that arrive all the time. Nothing is lost, a call after
// the limit is lifted succeeds, the counters are right (property S11).

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/slab_owner.h"
#include "tests/support/child_process.h"
#include "tests/support/persistent_user.h"
#include "tests/support/process_limits.h"

namespace slabproof::testing {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr std::size_t kCapacity = 1024;

struct Object {
  std::uint64_t words[8];
};

/// Fills a slab in a child process until its backing refuses, and checks it there.
template <class Slab>
class Filler {
 public:
  explicit Filler(Slab& slab) : slab_(slab), returns_(slab) {
    // Whatever else is needed is had before the limit is near.
    blocks_.reserve(kMostBlocks);
  }

  void fill_until_refused() {
    for (;;) {
      const auto block = slab_.allocate();
      if (!block) {
        require_in_child(block.error() == AllocError::kOutOfMemory, "the reason is no memory");
        break;
      }
      keep(*block);
      require_in_child(blocks_.size() < kMostBlocks, "the limit is reached");
    }
    const SlabStats stats = slab_.stats();
    require_in_child(stats.live == stats.segments * stats.capacity, "no slot was free");
    require_in_child(stats.live == blocks_.size(), "all that is live is held");
    require_in_child(stats.growers == 0, "no grower is left");
  }

  /// One block goes back, and one can be had for it.
  void exchange_one() {
    require_in_child(returns_.give_back(blocks_.back()), "a block goes back at the limit");
    blocks_.pop_back();
    returns_.settle();
    const auto block = slab_.allocate();
    require_in_child(block.has_value(), "the slot that was freed is served at the limit");
    keep(*block);
  }

  void expect_growth() {
    const std::uint64_t segments = slab_.stats().segments;
    const auto block = slab_.allocate();
    require_in_child(block.has_value(), "the slab grows when the limit is lifted");
    keep(*block);
    require_in_child(slab_.stats().segments == segments + 1, "it grew by one segment");
  }

  void give_everything_back() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      require_in_child(reinterpret_cast<const Object*>(blocks_[i])->words[7] == i,
                       "a block keeps what was written");
      require_in_child(returns_.give_back(blocks_[i]), "each block goes back");
    }
    blocks_.clear();
    returns_.settle();
    require_in_child(slab_.stats().live == 0, "nothing is live at the end");
  }

 private:
  static constexpr std::size_t kMostBlocks = 2'000'000;

  void keep(const Block& block) {
    reinterpret_cast<Object*>(block.data)->words[7] = blocks_.size();
    blocks_.push_back(block.data);
  }

  Slab& slab_;
  Returns<Slab> returns_;
  std::vector<std::byte*> blocks_;
};

template <class Slab>
class ResourceLimitTest : public ::testing::Test {
 protected:
  static void reach_the_limit_of_address_space() {
    Slab slab(kCapacity);
    Filler filler(slab);
    require_in_child(limit_address_space(16 * kMebibyte), "address space can be limited");
    filler.fill_until_refused();
    filler.exchange_one();
    require_in_child(limit_address_space(16 * kMebibyte), "the limit can be lifted");
    filler.expect_growth();
    filler.give_everything_back();
    end_child(true);
  }

  static void reach_the_limit_of_mappings() {
    Slab slab(kCapacity);
    Filler filler(slab);
    filler.expect_growth();
    const auto last_mappings = use_up_mappings();
    filler.fill_until_refused();
    filler.exchange_one();
    for (void* const page : last_mappings) ::munmap(page, page_size());
    filler.expect_growth();
    filler.give_everything_back();
    end_child(true);
  }
};

using Slabs = ::testing::Types<ExtendableSlab<Object>, CachedSlab<Object>, SlabOwner<Object>>;
TYPED_TEST_SUITE(ResourceLimitTest, Slabs);

TYPED_TEST(ResourceLimitTest, AddressSpace) {
  EXPECT_EXIT(this->reach_the_limit_of_address_space(), ::testing::ExitedWithCode(EXIT_SUCCESS),
              "");
}

TYPED_TEST(ResourceLimitTest, Mappings) {
  const std::size_t limit = mapping_limit();
  if (limit == 0 || limit > 200'000) GTEST_SKIP() << "the limit of mappings is " << limit;
  EXPECT_EXIT(this->reach_the_limit_of_mappings(), ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

/// A control group below the one of this process, with a limit of memory.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::size_t limit) {
    for (const auto& [line_start, root, file] : std::array<std::array<std::string, 3>, 2>{
             {{":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
              {"0::", "/sys/fs/cgroup", "memory.max"}}}) {
      const auto own = own_group(line_start);
      if (!own) continue;
      path_ = root + *own + "/slabproof-test-" + std::to_string(::getpid());
      if (::mkdir(path_.c_str(), 0755) != 0) continue;
      if (write(file, std::to_string(limit))) return;
      ::rmdir(path_.c_str());
    }
    path_.clear();
  }
  ~MemoryGroup() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  [[nodiscard]] bool exists() const { return !path_.empty(); }
  [[nodiscard]] bool enter() const { return write("cgroup.procs", std::to_string(::getpid())); }

 private:
  /// From the line of /proc/self/cgroup that has `part`, what comes behind the second colon.
  static std::optional<std::string> own_group(const std::string& part) {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
      const std::size_t found = line.find(part);
      if (found == std::string::npos) continue;
      const std::string path = line.substr(found + part.size());
      return path == "/" ? std::string() : path;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool write(const std::string& file, const std::string& text) const {
    std::ofstream stream(path_ + "/" + file);
    stream << text << std::flush;
    return stream.good();
  }

  std::string path_;
};

// Each slab in turn has most of what the group may have. A group that goes over its limit loses the
// process: see kernel.overcommit.
void use_many_times_the_limit(const MemoryGroup& group) {
  require_in_child(group.enter(), "a process can enter the group");
  std::vector<std::unique_ptr<ExtendableSlab<Object>>> slabs;
  for (int round = 0; round < 10; ++round) {
    auto& slab = *slabs.emplace_back(std::make_unique<ExtendableSlab<Object>>(kCapacity));
    std::vector<std::byte*> blocks;
    while (slab.capacity_bytes() < 24 * kMebibyte) {
      blocks.push_back(slab.allocate().value().data);
      std::memset(blocks.back(), 1, sizeof(Object));
    }
    for (std::byte* const block : blocks) slab.deallocate(block);
    require_in_child(slab.trim() > 20 * kMebibyte, "a trim gives most of it back");
  }
  end_child(true);
}

TEST(MemoryGroupTest, TrimmedSlabsTogetherHaveManyTimesWhatTheGroupMayHave) {
  const MemoryGroup group(64 * kMebibyte);
  if (!group.exists()) GTEST_SKIP() << "no group with a limit of memory can be made here";
  EXPECT_EXIT(use_many_times_the_limit(group), ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

/// SIGALRM every 20 microseconds of wall time, as long as this lives.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action{};
    action.sa_handler = [](int /*signal*/) { arrived_.fetch_add(1, std::memory_order::relaxed); };
    // No SA_RESTART: a call of the kernel that can be interrupted is.
    ::sigaction(SIGALRM, &action, &before_);
    const itimerval often{{0, 20}, {0, 20}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
  }
  ~SignalStorm() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  [[nodiscard]] std::uint64_t arrived() const { return arrived_.load(std::memory_order::relaxed); }

 private:
  inline static std::atomic<std::uint64_t> arrived_ = 0;
  struct sigaction before_{};
};

template <class Memory>
struct BackedBy : DefaultConfig {
  using Backing = Memory;
};

template <class Memory>
class SignalTest : public ::testing::Test {};

using Backings = ::testing::Types<MmapBacking, BasicMmapBacking<MmapOptions{.prefault = true}>>;
TYPED_TEST_SUITE(SignalTest, Backings);

TYPED_TEST(SignalTest, SignalsDuringGrowthAndTrimLoseNothing) {
  constexpr std::uint64_t kSignals = 1000;
  ExtendableSlab<Object, BackedBy<TypeParam>> slab(64);
  {
    const SignalStorm storm;
    const std::uint64_t enough = storm.arrived() + kSignals;
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        while (storm.arrived() < enough) {
          const std::vector<Block> blocks = take_blocks(slab, 500);
          for (const Block& block : blocks) fill(block, thread);
          for (const Block& block : blocks) EXPECT_TRUE(is_filled(block, thread));
          give_back(slab, blocks);
          slab.trim();
        }
      });
    }
  }
  const SlabStats stats = slab.stats();
  expect_conserved(stats);
  expect_exact_growth(stats);
  EXPECT_EQ(stats.live, 0U);
  EXPECT_EQ(stats.growers, 0U);
}

}  // namespace
}  // namespace slabproof::testing
