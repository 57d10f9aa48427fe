#ifndef SLABPROOF_MODEL_PROGRAM_ENUMERATION_H_
#define SLABPROOF_MODEL_PROGRAM_ENUMERATION_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "model/program/job.h"
#include "model/program/program.h"

namespace slabproof::model {

/// The programs of at most so many threads, each of at most so many operations out of an alphabet,
/// on slabs of capacity 1 to `capacity`, shared ones in both re-check scopes.
struct EnumerationSize {
  std::uint32_t threads = 0;
  std::uint32_t ops = 0;
  std::uint32_t capacity = 0;
  std::vector<Op> alphabet;
  SlabFamily family = SlabFamily::kShared;  ///< programs that do not fit it are left out
  std::uint32_t batch = 1;                  ///< as of `SlabSetup`
};

/// What fits in memory, and in anybody's time.
inline constexpr std::size_t kMostRuns = 1'000'000;

/// Reads "threads=3,ops=2,capacity=2"; every part must be there once. `alphabet` holds operations
/// as in a program, such as "a a2 f F". Errors: a sentence that quotes the offending part, or says
/// that there are more than `kMostRuns`.
[[nodiscard]] std::expected<EnumerationSize, std::string> parse_enumeration(
    std::string_view size, std::string_view alphabet);

/// The distinct behaviours of one thread: every sequence of 1 to `ops` operations in which each
/// operation finds something to act on, and none merely repeats what a shorter or earlier spelling
/// does (`F` or `f@0` with one block held is `f`; a `!` stands just before the allocation that it
/// may fail).
[[nodiscard]] std::vector<std::vector<Op>> thread_bodies(std::uint32_t ops,
                                                         const std::vector<Op>& alphabet);

/// Every program of that size, each once up to the order of its threads, on every slab: the small
/// programs first.
[[nodiscard]] std::vector<CheckJob> enumerate_jobs(const EnumerationSize& size);

/// Roughly how much work a job is, as against others: the number of orders of its lock
/// acquisitions if each allocation had to grow.
[[nodiscard]] double weight_of(const Program& program);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_ENUMERATION_H_
