#ifndef SLABPROOF_TESTS_SUPPORT_EXECUTION_GRAPH_H_
#define SLABPROOF_TESTS_SUPPORT_EXECUTION_GRAPH_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/relation.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {

enum class Axioms : std::uint8_t {
  kCpp20,  ///< [intro.races] and [atomics.order] of C++20
  /// Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential consistency in C/C++11", PLDI 2017,
  /// section 3, with the release sequences of C++20
  kRc11,
};

/// One execution of a small program, consistent or not: its operations, whom each read takes its
/// value from, and the order of the writes to each atomic and of the locks of each mutex.
///
/// A read-modify-write is one event. What a failing round of an await reads is none.
struct ExecutionGraph {
  struct Event {
    std::size_t thread;
    Instruction instruction;
    bool reads = false;   ///< an atomic
    bool writes = false;  ///< an atomic
    std::memory_order order = std::memory_order::relaxed;
  };

  /// The first are the initial writes to the atomics.
  std::vector<Event> events;
  Relation sequenced;
  std::vector<std::size_t> reads;
  std::array<std::size_t, Relation::kSize> source{};  ///< of each of `reads`
  /// Writes in modification order, the initial one first.
  std::array<std::vector<std::size_t>, kSmallAtomics> modifications;
  std::array<std::vector<std::size_t>, kSmallMutexes> locks;
  std::size_t threads = 0;

  /// Whether the axioms allow it, program order and reads-from have no cycle, each await has read
  /// what it waits for, and each compare-exchange has done as what it read demands.
  [[nodiscard]] bool is_consistent(Axioms axioms) const;

  // Of consistent ones.

  [[nodiscard]] bool has_race() const;
  /// See `outcome_text`. Plain variables are read in happens-before: there must be no race.
  [[nodiscard]] std::string outcome() const;
  /// What an atomic holds in the end.
  [[nodiscard]] unsigned last_value(std::size_t atomic) const;
  /// Whether some thread has locked the mutex and does not unlock it.
  [[nodiscard]] bool ends_locked(std::size_t mutex) const;

 private:
  [[nodiscard]] std::optional<std::size_t> unlock_of(std::size_t lock) const;
  [[nodiscard]] bool excludes() const;
  [[nodiscard]] Relation reads_from() const;
  /// From the unlock of each critical section to the next lock.
  [[nodiscard]] Relation handovers() const;
  [[nodiscard]] Relation coherence_order() const;
  [[nodiscard]] Relation from_reads() const;
  [[nodiscard]] Relation synchronizes_with() const;
  [[nodiscard]] Relation happens_before() const;
  [[nodiscard]] unsigned value_written(std::size_t event) const;
  [[nodiscard]] unsigned value_of_variable(std::size_t variable, std::size_t reader) const;
  [[nodiscard]] bool does_as_it_read() const;
  [[nodiscard]] bool is_sequentially_consistent(Axioms axioms, const Relation& before,
                                                const Relation& coherence) const;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_EXECUTION_GRAPH_H_
