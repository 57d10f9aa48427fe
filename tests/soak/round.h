#ifndef SLABPROOF_TESTS_SOAK_ROUND_H_
#define SLABPROOF_TESTS_SOAK_ROUND_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/soak/subject.h"
#include "tests/soak/worker.h"

namespace slabproof::soak {

/// One slab of a soak, and what is done to it; all of it follows from a seed.
struct RoundSetup {
  std::uint64_t seed = 0;
  const Kind* kind = nullptr;
  std::size_t threads = 2;
  std::size_t capacity = 1;
  std::uint32_t refused_percent = 0;
  bool guarded = false;       ///< a `ForkGuard` is there, and every thread forks
  int phases = 2;             ///< times that the threads come to rest
  int generations = 3;        ///< threads that follow each other in each place, in a phase
  std::uint64_t steps = 400;  ///< of each of them

  [[nodiscard]] std::string to_text() const;
};

/// The `number`th round of a soak, with 2 to `most_threads` threads.
[[nodiscard]] RoundSetup round_setup(std::uint64_t seed, std::uint64_t number,
                                     const std::vector<const Kind*>& kinds,
                                     std::size_t most_threads);

/// Runs random programs on the threads of one slab, and judges it whenever they have come to rest:
///
/// - every counter: all slots are counted (S4), live are those that somebody holds (C1), nobody
///   grows, each bad pointer was counted (S10), no link is corrupt;
/// - growth: exact (S6), or within the bound of the other scope (S7);
/// - every block has what was written into it, none overlaps another, and the slab knows it (S1);
/// - a child process finds the same, gives everything back, and ends the slab.
///
/// At the end everything goes back: nothing is live, each slot can be had once more without growth,
/// and no memory is left.
class Round {
 public:
  explicit Round(const RoundSetup& setup);

  /// What is wrong, if anything. `stopping` ends it early, but whole. Meanwhile, `progress` can be
  /// called from another thread.
  [[nodiscard]] std::optional<std::string> run(const std::atomic<bool>& stopping);
  [[nodiscard]] std::uint64_t progress() const;
  [[nodiscard]] Work work() const;

 private:
  using Complaint = std::optional<std::string>;

  void run_phase(bool is_last, const std::atomic<bool>& stopping);
  [[nodiscard]] Complaint judge_at_rest();
  [[nodiscard]] Complaint judge_counters(const model::Counters& counters) const;
  [[nodiscard]] Complaint judge_growth(const model::Counters& counters) const;
  [[nodiscard]] Complaint judge_blocks(const std::vector<Held>& held) const;
  [[nodiscard]] Complaint give_everything_back(const std::vector<Held>& held);
  [[nodiscard]] Complaint take_every_slot();
  [[nodiscard]] Complaint end_slab();
  [[nodiscard]] std::vector<Held> all_held();

  const RoundSetup setup_;
  Exchange exchange_;
  std::deque<Worker> workers_;
  std::unique_ptr<Subject> subject_;
};

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_ROUND_H_
