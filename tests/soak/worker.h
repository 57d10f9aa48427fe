#ifndef SLABPROOF_TESTS_SOAK_WORKER_H_
#define SLABPROOF_TESTS_SOAK_WORKER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/soak/subject.h"

namespace slabproof::soak {

/// A block that somebody holds, and what every byte of it was made from.
struct Held {
  std::byte* data = nullptr;
  std::uint64_t stamp = 0;
};

void fill(const Held& block, std::size_t size);
[[nodiscard]] bool is_filled(const Held& block, std::size_t size);

/// A value that differs for each seed and salt, and is never 0.
[[nodiscard]] std::uint64_t mix(std::uint64_t seed, std::uint64_t salt);

/// Blocks on their way from one thread to another.
class Exchange {
 public:
  /// False where it is full.
  bool put(const Held& block);
  [[nodiscard]] std::optional<Held> take();
  [[nodiscard]] const std::vector<Held>& at_rest() const { return blocks_; }
  void clear() { blocks_.clear(); }

 private:
  static constexpr std::size_t kMost = 1024;
  std::mutex mutex_;
  std::vector<Held> blocks_;
};

/// What workers did, for the summary.
struct Work {
  std::uint64_t operations = 0;
  std::uint64_t refusals = 0;  ///< requests that the backing refused
  std::uint64_t failures = 0;  ///< calls that failed
  std::uint64_t trims = 0;
  std::uint64_t forks = 0;
  std::uint64_t threads = 0;

  Work& operator+=(const Work& other);
};

struct WorkerSetup {
  KindTraits traits;
  std::size_t place = 0;
  std::uint64_t seed = 1;
  std::size_t most_held = 400;
  std::uint32_t refused_percent = 0;
  bool forks = false;  ///< whether the thread in this place may fork at any time
};

/// What a child process does before it ends. The result is what it found wrong.
using ChildBody = std::function<std::optional<std::string>()>;
struct ChildEnd {
  bool has_run = false;  ///< not where the system has no room for a child
  std::optional<std::string> wrong;
};
/// Forks, and waits for the child, which is ended if it hangs.
[[nodiscard]] ChildEnd run_in_child(const ChildBody& body);

/// One who uses a slab from one thread after another, by steps chosen at random, and sees to it
/// that his blocks are his: each is filled with a pattern of its own, which is there when it goes
/// back.
class Worker {
 public:
  Worker(const WorkerSetup& setup, Exchange& exchange);

  /// So many steps in the calling thread, or fewer once `stopping` is set. Something wrong ends
  /// them.
  void run(Subject& subject, std::uint64_t steps, bool is_last, const std::atomic<bool>& stopping);

  /// Steps so far. From any thread.
  [[nodiscard]] std::uint64_t progress() const {
    return progress_.load(std::memory_order::relaxed);
  }

  // At rest.

  [[nodiscard]] const std::optional<std::string>& complaint() const { return complaint_; }
  [[nodiscard]] std::vector<Held>& held() { return held_; }
  [[nodiscard]] const Work& work() const { return work_; }
  /// Bad pointers that it gave to the slab.
  [[nodiscard]] std::uint64_t foreign_pointers() const { return foreign_pointers_; }
  [[nodiscard]] std::uint64_t misaligned_pointers() const { return misaligned_pointers_; }

 private:
  void step(Access& access);
  /// By one of the calls that give a single block.
  void allocate(Access& access);
  void allocate_batch(Access& access);
  void free_one(Access& access, bool as_object);
  void free_batch(Access& access);
  void swap_with_others();
  void free_bad_pointer(Access& access);
  void fork_and_use(Access& access);

  void keep(std::byte* data, bool is_zeroed);
  [[nodiscard]] std::optional<Held> release();
  /// A failed call must have seen a refusal since there were `before` of them.
  void note_failure(std::uint64_t before);
  void take_back(Access& access);
  void complain(std::string what);
  [[nodiscard]] std::uint64_t random(std::uint64_t below);

  const WorkerSetup setup_;
  Exchange& exchange_;
  std::uint64_t random_state_;
  std::vector<Held> held_;
  std::uint64_t next_stamp_ = 0;
  bool growing_ = true;
  Work work_;
  std::uint64_t foreign_pointers_ = 0;
  std::uint64_t misaligned_pointers_ = 0;
  std::optional<std::string> complaint_;
  alignas(64) std::atomic<std::uint64_t> progress_ = 0;
};

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_WORKER_H_
