#ifndef SLABPROOF_TESTS_PROPERTIES_PROGRAM_GENERATOR_H_
#define SLABPROOF_TESTS_PROPERTIES_PROGRAM_GENERATOR_H_

#include <rapidcheck.h>

#include <compare>
#include <cstddef>
#include <iosfwd>
#include <vector>

#include "model/program/program.h"

namespace slabproof::properties {

/// Which programs to generate.
struct ProgramLimits {
  std::size_t max_threads = 4;
  std::size_t max_ops = 8;  ///< of each thread
  std::size_t max_batch = 3;
  bool gifts = true;         ///< blocks that pass from thread to thread: `g`, `t`
  bool bad_pointers = true;  ///< `x`, `m`
  bool queries = true;       ///< `u`, `c`, `n`, `s`
  bool trims = true;         ///< `r`
  bool refusals = true;      ///< `!`
};

/// Random well-formed programs in which every operation can find something to act on. They grow
/// with rapidcheck's size, and shrink to `simpler_programs`.
[[nodiscard]] rc::Gen<model::Program> programs(ProgramLimits limits);

/// Programs that are one step simpler, those that give most first: without a thread, without a
/// stretch of a thread's operations, without an allocation and the free that goes with it, with an
/// operation replaced by a plainer one. Each is well formed, free of idle operations, and strictly
/// smaller by `weight_of`; so shrinking ends, and ends with something that is worth reading.
[[nodiscard]] std::vector<model::Program> simpler_programs(const model::Program& program);

/// A program without operations that no execution could find anything to act on for: a free where
/// nothing can be held, a `!` that no request follows, a take where no thread gives, and so on. A
/// gift to oneself counts as idle.
/// Threads that are left with nothing go, and gifts to them are kept from being given. May be left
/// without threads.
[[nodiscard]] model::Program without_idle_operations(model::Program program);

/// What shrinking makes smaller, in this order of importance.
struct ProgramWeight {
  std::size_t operations = 0;
  std::size_t threads = 0;
  std::size_t detail = 0;  ///< how far the operations are from the plainest of their kind
  friend auto operator<=>(const ProgramWeight&, const ProgramWeight&) = default;
};
[[nodiscard]] ProgramWeight weight_of(const model::Program& program);

}  // namespace slabproof::properties

namespace slabproof::model {

/// How rapidcheck prints a program. It looks in the program's own namespace.
void showValue(const Program& program, std::ostream& stream);

}  // namespace slabproof::model

#endif  // SLABPROOF_TESTS_PROPERTIES_PROGRAM_GENERATOR_H_
