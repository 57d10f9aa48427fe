#ifndef SLABPROOF_TESTS_SUPPORT_GRAPH_ENUMERATOR_H_
#define SLABPROOF_TESTS_SUPPORT_GRAPH_ENUMERATOR_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "tests/support/execution_graph.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {

/// The consistent execution graphs of a program in which nothing more can happen.
struct GraphEnumeration {
  std::set<std::string> outcomes;  ///< of the complete ones; see `outcome_text`
  std::uint64_t complete = 0;      ///< every thread has run to its end
  /// Some thread waits for ever: for a mutex that nobody will unlock, or for a value that is not
  /// the last one of its atomic. What it waits with is not part of the graph.
  std::uint64_t stuck = 0;
  bool has_race = false;  ///< in some of them; `outcomes` leaves those out
};

/// Tries every choice of how far each thread comes, of success or failure of the compare-exchanges,
/// of the order of the locks of each mutex and of the writes to each atomic, and of the write that
/// each read takes its value from, and counts those that are consistent. No two are the same graph.
///
/// Nothing where there are more than `max_candidates`. Throws std::invalid_argument for a program
/// with a pause or of more than 28 operations. A mutex must be unlocked by the thread that holds
/// it.
[[nodiscard]] std::optional<GraphEnumeration> enumerate_graphs(const SmallProgram& program,
                                                               Axioms axioms,
                                                               std::uint64_t max_candidates);

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_GRAPH_ENUMERATOR_H_
