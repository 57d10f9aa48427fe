#ifndef SLABPROOF_TESTS_BENCH_WORKLOADS_H_
#define SLABPROOF_TESTS_BENCH_WORKLOADS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/ring.h"
#include "tests/bench/sample.h"
#include "tests/bench/stamp.h"
#include "tests/bench/thread_team.h"

// Workloads of blocks that are got and given back. An item is a pair of an allocate and a free
// unless said otherwise, and each block is written to once.

namespace slabproof::bench {

inline constexpr std::size_t kBatch = 1000;

template <Contender C>
void allocate_all(typename C::Thread& thread, std::vector<void*>& blocks) {
  for (void*& block : blocks) {
    block = thread.allocate();
    stamp(block);
  }
}

template <Contender C>
void deallocate_all(typename C::Thread& thread, const std::vector<void*>& blocks) {
  for (void* const block : blocks) thread.deallocate(block);
}

/// One block at a time.
template <Contender C>
Round hot(const Scale& scale) {
  const auto contender = std::make_shared<C>(1);
  return [contender, pairs = scale.pairs] {
    const double seconds = run_threads(*contender, 1, [pairs](auto& thread, unsigned) {
      for (std::size_t i = 0; i < pairs; ++i) {
        void* const block = thread.allocate();
        stamp(block);
        thread.deallocate(block);
      }
    });
    return Sample{.seconds = seconds, .items = pairs};
  };
}

/// Each thread gets `kBatch` blocks, then frees them in the same order, again and again.
template <Contender C>
Round batch(const Scale& scale, unsigned threads) {
  const auto contender = std::make_shared<C>(kBatch * threads);
  const std::size_t rounds = std::max<std::size_t>(scale.pairs / kBatch / threads, 1);
  return [contender, threads, rounds] {
    const double seconds = run_threads(*contender, threads, [rounds](auto& thread, unsigned) {
      std::vector<void*> blocks(kBatch);
      for (std::size_t i = 0; i < rounds; ++i) {
        allocate_all<C>(thread, blocks);
        deallocate_all<C>(thread, blocks);
      }
    });
    return Sample{.seconds = seconds, .items = rounds * kBatch * threads};
  };
}

/// Thread 0 gets blocks and sends them to thread 1, which frees them.
template <Contender C>
Round producer_consumer(const Scale& scale) {
  const auto contender = std::make_shared<C>(scale.pairs);
  return [contender, pairs = scale.pairs] {
    Ring ring;
    const double seconds = run_threads(*contender, 2, [&ring, pairs](auto& thread, unsigned index) {
      for (std::size_t i = 0; i < pairs; ++i) {
        if (index == 0) {
          void* const block = thread.allocate();
          stamp(block);
          ring.push(block);
        } else {
          thread.deallocate(ring.pop());
        }
      }
    });
    return Sample{.seconds = seconds, .items = pairs};
  };
}

/// A server as Larson and Krishnan model it ("Memory allocation for long-running server
/// applications", ISMM 1998): each thread replaces random ones of its blocks by new ones. In the
/// next round new threads take the blocks over, each those of another thread.
template <Contender C>
class Larson {
 public:
  Larson(const Scale& scale, unsigned threads)
      : contender_(kBatch * threads),
        sets_(threads, std::vector<void*>(kBatch)),
        swaps_(scale.pairs / threads) {
    typename C::Thread thread(contender_, 0);
    for (std::vector<void*>& set : sets_) allocate_all<C>(thread, set);
  }
  ~Larson() {
    typename C::Thread thread(contender_, 0);
    for (const std::vector<void*>& set : sets_) deallocate_all<C>(thread, set);
  }
  Larson(const Larson&) = delete;
  Larson& operator=(const Larson&) = delete;

  Sample run() {
    const auto threads = static_cast<unsigned>(sets_.size());
    ++round_;
    const double seconds =
        run_threads(contender_, threads, [this, threads](auto& thread, unsigned index) {
          std::vector<void*>& blocks = sets_[(index + round_) % threads];
          std::minstd_rand random(index + 1);
          for (std::size_t i = 0; i < swaps_; ++i) {
            void*& block = blocks[random() % kBatch];
            thread.deallocate(block);
            block = thread.allocate();
            stamp(block);
          }
        });
    return {.seconds = seconds, .items = swaps_ * threads};
  }

 private:
  C contender_;
  std::vector<std::vector<void*>> sets_;
  std::size_t swaps_;
  unsigned round_ = 0;
};

template <Contender C>
Round larson(const Scale& scale, unsigned threads) {
  const auto state = std::make_shared<Larson<C>>(scale, threads);
  return [state] { return state->run(); };
}

/// The first time that blocks are got, up to a large number, and that they are freed, in order.
template <Contender C>
Round cold(const Scale& scale) {
  return [live = scale.live] {
    C contender(live);
    std::vector<void*> blocks(live);
    const double seconds = run_threads(contender, 1, [&blocks](auto& thread, unsigned) {
      allocate_all<C>(thread, blocks);
      deallocate_all<C>(thread, blocks);
    });
    return Sample{.seconds = seconds, .items = live};
  };
}

enum class Order : bool { kSequential, kRandom };

/// An item is the free of a block while as many are live as `segments` segments hold, less those
/// freed before it. Blocks are freed in the order in which they were got, or in a random one.
template <Contender C>
Round free_against(const Scale& scale, std::size_t segments, Order order) {
  const std::size_t live = segments * scale.segment;
  const auto contender = std::make_shared<C>(live);
  const auto blocks = std::make_shared<std::vector<void*>>(live);
  return [contender, blocks, order] {
    double seconds = 0;
    run_threads(*contender, 1, [&](auto& thread, unsigned) {
      allocate_all<C>(thread, *blocks);
      if (order == Order::kRandom) std::ranges::shuffle(*blocks, std::mt19937_64(1));
      const auto begun = Clock::now();
      deallocate_all<C>(thread, *blocks);
      seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    });
    return Sample{.seconds = seconds, .items = blocks->size()};
  };
}

/// As many as the caches of every contender hold: the C library keeps seven, some of them its own.
inline constexpr std::size_t kHits = 4;
using HitBlocks = std::array<void*, kHits>;

// The functions in which instructions are counted: each makes kHits operations.
template <Contender C>
[[gnu::noinline]] void allocate_hits(typename C::Thread& thread, HitBlocks& blocks) {
  for (void*& block : blocks) block = thread.allocate();
}
template <Contender C>
[[gnu::noinline]] void free_hits(typename C::Thread& thread, const HitBlocks& blocks) {
  for (void* const block : blocks) thread.deallocate(block);
}

/// A few blocks, got and freed in the reverse order. Warms up first, outside of the functions that
/// count.
template <Contender C>
Round hits(const Scale& scale) {
  const auto contender = std::make_shared<C>(kHits);
  return [contender, rounds = scale.pairs / kHits] {
    const double seconds = run_threads(*contender, 1, [rounds](auto& thread, unsigned) {
      HitBlocks blocks{};
      for (std::size_t i = 0; i < 10 * kHits; ++i) {
        blocks[i % kHits] = thread.allocate();
        stamp(blocks[i % kHits]);
        if (i % kHits + 1 == kHits) {
          for (void* const block : blocks) thread.deallocate(block);
        }
      }
      for (std::size_t i = 0; i < rounds; ++i) {
        allocate_hits<C>(thread, blocks);
        for (void* const block : blocks) stamp(block);
        std::ranges::reverse(blocks);
        free_hits<C>(thread, blocks);
      }
    });
    return Sample{.seconds = seconds, .items = rounds * kHits};
  };
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_WORKLOADS_H_
