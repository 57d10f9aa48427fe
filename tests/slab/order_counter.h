#ifndef SLABPROOF_TESTS_SLAB_ORDER_COUNTER_H_
#define SLABPROOF_TESTS_SLAB_ORDER_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "model/program/program.h"

namespace slabproof::model {

/// The slab that a program runs on, and how far to count.
struct OrderRules {
  std::uint32_t capacity = 1;  ///< slots per segment, at least 1
  bool recheck_all = true;
  std::uint32_t initial_segments = 0;
  bool detects_second_free = false;     ///< else `d` is skipped
  std::size_t max_states = 10'000'000;  ///< to give up at; about 200 bytes each
};

/// In how many orders the critical sections of a program can run, counted by brute force: what an
/// exhaustive and irredundant search must find, neither more nor less.
///
/// The counter was written apart from the searches and the oracle and shares nothing with them but
/// the program language, so a mistake in one shows as a difference. A hit, a free and a query are
/// one section each; a miss is two, and one more for each further segment of a batch; one that was
/// refused and waits for the growths of others has one more, which is its last look; a trim is one
/// more than the segments it claims. An operation that is skipped has none.
struct OrderCount {
  std::uint64_t orders = 0;
  /// Orders that differ by more than a renaming of threads that run the same operations.
  std::uint64_t orbits = 0;
  /// The greatest segments - max(initial segments, ceil(peak live / capacity)) at the end.
  std::uint32_t max_over_growth = 0;
  std::uint32_t max_segments = 0;
  /// Distinct states between critical sections, the end among them, threads told apart.
  std::uint64_t states = 0;
};

/// Why nothing can be counted.
struct OrderCountError {
  std::string message;  ///< a sentence
  bool is_limit =
      false;  ///< the program is fine, but has more states or orders than can be counted
};

/// Takes time and memory in proportion to the distinct states, not to the orders.
/// Errors: a program that is not well formed, or that gives blocks between threads, whose order is
/// not one of critical sections alone; a capacity of 0; a limit.
[[nodiscard]] std::expected<OrderCount, OrderCountError> count_orders(const Program& program,
                                                                      OrderRules rules);

}  // namespace slabproof::model

#endif  // SLABPROOF_TESTS_SLAB_ORDER_COUNTER_H_
