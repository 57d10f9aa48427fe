#ifndef SLABPROOF_TESTS_STRUCTURES_TRANSFER_CLIENT_H_
#define SLABPROOF_TESTS_STRUCTURES_TRANSFER_CLIENT_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

/// Threads that put values into a container and take values out. Each put is a value of its own:
/// ten times the thread's number from 1, and its puts before.
///
/// Complains of a value that is taken twice or that nobody put; of one that is neither taken nor
/// left; and, where `Container::kIsFifo`, of two of one thread that another takes in the wrong
/// order. What else a container must keep it says with `Sync::Var`s.
template <class Container>
class TransferClient {
 public:
  struct Config {
    std::size_t threads;
    /// For each thread, its operations: `+` put, `-` take, `*` take until there is nothing, `w`
    /// wait until there is something and take it, `S` steal.
    std::array<std::string_view, 3> scripts;
    Container::Orders orders{};
    bool has_one = false;  ///< at first, as if one more thread had put it
    bool drains = true;    ///< takes what is left, in the end
  };

  explicit TransferClient(const Config& config) : config_(config), container_(config.orders) {
    if (config_.has_one) put(kMaxThreads - 1);
  }

  void run(std::size_t thread) {
    for (const char operation : config_.scripts[thread]) {
      if (operation == '+') {
        put(thread);
      } else if (operation == '-') {
        took(thread, container_.take(thread));
      } else if (operation == '*') {
        while (took(thread, container_.take(thread))) {
        }
      } else if (operation == 'S') {
        if constexpr (requires { container_.steal(); }) took(thread, container_.steal());
      } else if (operation == 'w') {
        if constexpr (requires { container_.wait_and_take(); }) {
          took(thread, container_.wait_and_take());
        }
      }
    }
  }

  const char* complaint() {
    // A list that has become a cycle has no end.
    for (std::size_t i = 0; config_.drains && i <= kMaxTakes; ++i) {
      const Value value = container_.take(0);
      if (value == 0) break;
      if (i == kMaxTakes) return "what is left has no end";
      took(kDrain, value);
    }
    return complaint_of_takes();
  }

 private:
  static constexpr std::size_t kMaxThreads = 4;
  static constexpr std::size_t kMaxTakes = 12;
  static constexpr std::size_t kDrain = kMaxThreads;

  struct Takes {
    std::array<Value, kMaxTakes + 1> values{};
    std::size_t count = 0;
  };

  void put(std::size_t thread) {
    const auto value = static_cast<Value>(10 * (thread + 1) + puts_[thread]);
    if (container_.put(thread, value)) ++puts_[thread];
  }
  bool took(std::size_t thread, Value value) {
    if (value == 0) return false;
    Takes& takes = takes_[thread];
    takes.values[takes.count++] = value;
    return true;
  }

  const char* complaint_of_takes() const {
    std::array<bool, 10 * (kMaxThreads + 1)> is_taken{};
    std::size_t taken = 0;
    for (const Takes& takes : takes_) {
      std::array<Value, kMaxThreads + 1> last{};
      for (std::size_t i = 0; i < takes.count; ++i, ++taken) {
        const Value value = takes.values[i];
        const std::size_t from = value / 10;
        if (from == 0 || from > kMaxThreads || value % 10 >= puts_[from - 1]) {
          return "a value is taken that nobody put";
        }
        if (is_taken[value]) return "a value is taken twice";
        is_taken[value] = true;
        if (Container::kIsFifo && value < last[from]) return "values are taken in the wrong order";
        last[from] = value;
      }
    }
    std::size_t put = 0;
    for (const std::size_t each : puts_) put += each;
    return config_.drains && taken != put ? "a value is lost" : nullptr;
  }

  Config config_;
  Container container_;
  std::array<std::size_t, kMaxThreads> puts_{};
  std::array<Takes, kMaxThreads + 1> takes_{};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TRANSFER_CLIENT_H_
