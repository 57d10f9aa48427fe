#include "tests/support/random_small_program.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>

namespace slabproof::testing {
namespace {

using Kind = Instruction::Kind;
using enum std::memory_order;

class Generator {
 public:
  Generator(const RandomShape& shape, std::uint32_t seed) : shape_(shape), random_(seed) {}

  SmallProgram program() {
    SmallProgram result(2 + below(2));
    for (SmallThread& thread : result) {
      const std::size_t length =
          1 + below(result.size() == 2 ? shape_.longest_of_two : shape_.longest_of_three);
      if (shape_.flavour == Flavour::kLocks || shape_.flavour == Flavour::kRaces) {
        sections(thread, 1 + below(2));
      }
      while (thread.size() < length) thread.push_back(instruction());
    }
    return result;
  }

 private:
  std::uint8_t below(std::size_t limit) { return static_cast<std::uint8_t>(random_() % limit); }

  template <std::size_t kCount>
  std::memory_order one_of(const std::array<std::memory_order, kCount>& orders) {
    return shape_.flavour == Flavour::kSeqCst && below(4) != 0 ? seq_cst : orders[below(kCount)];
  }
  std::memory_order order_of_load() { return one_of(std::array{relaxed, acquire, seq_cst}); }
  std::memory_order order_of_change() {
    return one_of(std::array{relaxed, acquire, release, acq_rel, seq_cst});
  }

  Instruction instruction() {
    if (shape_.flavour == Flavour::kFences && below(2) == 0) {
      return {Kind::kFence, 0, std::array{acquire, release, acq_rel, seq_cst, seq_cst}[below(5)]};
    }
    const std::uint8_t object = below(shape_.atomics);
    const auto value = static_cast<std::uint8_t>(1 + below(shape_.values));
    if (shape_.has_awaits && below(6) == 0) return {Kind::kAwait, object, order_of_load(), value};
    switch (below(6)) {
      case 0:
      case 1:
        return {Kind::kLoad, object, order_of_load()};
      case 2:
      case 3:
        return {Kind::kStore, object, one_of(std::array{relaxed, release, seq_cst}), value};
      case 4:
        return {below(2) == 0 ? Kind::kFetchAdd : Kind::kExchange, object, order_of_change(),
                value};
      default:
        return compare_exchange(object, value);
    }
  }

  Instruction compare_exchange(std::uint8_t object, std::uint8_t value) {
    Instruction result{below(2) == 0 ? Kind::kWeakCas : Kind::kStrongCas, object, order_of_change(),
                       value};
    if (shape_.has_every_failure_order) result.failure = order_of_load();
    return result;
  }

  Instruction guarded() {
    if (below(2) == 0) return instruction();
    if (below(2) == 0) return {Kind::kRead, below(kSmallVariables)};
    return {Kind::kWrite, below(kSmallVariables), seq_cst, 1};
  }

  /// Critical sections, some of them nested.
  void sections(SmallThread& thread, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t mutex = below(kSmallMutexes);
      const auto other = static_cast<std::uint8_t>(1 - mutex);
      if (shape_.flavour == Flavour::kRaces && below(6) == 0) {
        thread.push_back(guarded());
        continue;
      }
      thread.push_back({Kind::kLock, mutex});
      if (below(3) == 0) {
        thread.push_back({Kind::kLock, other});
        thread.push_back({Kind::kUnlock, below(2) == 0 ? mutex : other});
        thread.push_back({Kind::kUnlock, thread.back().object == mutex ? other : mutex});
        continue;
      }
      if (below(2) == 0) {
        thread.push_back(shape_.flavour == Flavour::kRaces ? guarded() : instruction());
      }
      thread.push_back({Kind::kUnlock, mutex});
    }
  }

  const RandomShape& shape_;
  std::mt19937 random_;
};

}  // namespace

SmallProgram random_small_program(const RandomShape& shape, std::uint32_t seed) {
  return Generator(shape, seed).program();
}

}  // namespace slabproof::testing
