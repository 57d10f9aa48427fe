#ifndef SLABPROOF_TESTS_STRUCTURES_BARRIER_H_
#define SLABPROOF_TESTS_STRUCTURES_BARRIER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct BarrierOrders {
  Order look = seq_cst;  ///< at the number of barriers passed
  Order arrive = seq_cst;
  Order open = seq_cst;
  bool resets_first = true;  ///< the number of those who wait, before it opens
};

/// A spinning barrier, as in the benchmarks of CDSChecker: Norris and Demsky, OOPSLA 2013.
template <class S>
class Barrier {
 public:
  using Sync = S;
  using Orders = BarrierOrders;

  Barrier(std::size_t threads, const Orders& orders)
      : orders_(orders), threads_(static_cast<std::uint32_t>(threads)) {}

  void wait() {
    const std::uint32_t passed = passed_.load(orders_.look);
    if (waiting_.fetch_add(1, orders_.arrive) != threads_ - 1) {
      S::await([&] { return passed_.load(orders_.look) != passed; });
      return;
    }
    if (orders_.resets_first) waiting_.store(0, orders_.open);
    passed_.fetch_add(1, orders_.open);
    if (!orders_.resets_first) waiting_.store(0, orders_.open);
  }

 private:
  Orders orders_;
  std::uint32_t threads_;
  S::template Atomic<std::uint32_t> waiting_{0};
  S::template Atomic<std::uint32_t> passed_{0};
};

/// The first thread writes before each barrier, a place of its own each time, and the others read
/// it after.
template <class B>
class BarrierClient {
 public:
  struct Config {
    std::size_t threads = 2;
    std::size_t rounds = 1;  ///< at most two
    B::Orders orders{};
  };

  explicit BarrierClient(const Config& config)
      : config_(config), barrier_(config.threads, config.orders) {}

  void run(std::size_t thread) {
    for (std::size_t round = 0; round < config_.rounds; ++round) {
      if (thread == 0) places_[round].write() = 1;
      barrier_.wait();
      if (thread != 0) static_cast<void>(places_[round].read());
    }
  }

  const char* complaint() { return nullptr; }

 private:
  using Var = B::Sync::template Var<int>;

  Config config_;
  B barrier_;
  std::array<Var, 2> places_ = array_of<Var, 2>(0);
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_BARRIER_H_
