#ifndef SLABPROOF_MODEL_STATES_SHARED_STATES_H_
#define SLABPROOF_MODEL_STATES_SHARED_STATES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "model/states/fingerprint.h"

namespace slabproof::model {

/// What several processes share that search the states of one program: which states are known, and
/// states that one of them has found and another one may go on from. To be made before the
/// processes are forked; each of them then uses it from one thread.
///
/// Who adds a state explores it, so each is explored once. A share that has nothing left asks for a
/// state of another one, and all end together when there is none. The table is lock-free: a state
/// has one sequence of slots, of which none is ever emptied, so it is in the first that was free.
class SharedStates {
 public:
  /// Choices that lead to a state, and how far the program is in the last but one.
  struct Work {
    static constexpr std::size_t kMostChoices = 1000;
    std::uint32_t progress = 0;
    std::uint32_t size = 0;
    std::array<std::uint8_t, kMostChoices> choices{};
  };
  /// A state keeps so many bits of its progress.
  static constexpr std::uint32_t kProgressBits = 16;

  /// `memory_limit`: bytes for the table, of which only what is used costs memory. Throws
  /// std::system_error where there is no such address space.
  explicit SharedStates(std::size_t memory_limit);
  ~SharedStates();
  SharedStates(const SharedStates&) = delete;
  SharedStates& operator=(const SharedStates&) = delete;

  enum class Found : std::uint8_t {
    kNew,
    kKnown,
    kOtherProgress,  ///< it is known, and the program was not as far there
    kNoRoom,
  };
  /// Adds a state unless it is known. O(1), expected.
  Found add(const Fingerprint& state, std::uint32_t progress);
  /// Of the part of the table that is in use.
  [[nodiscard]] std::size_t bytes() const;

  /// A share begins: false if it began before, and so has lost what it had to explore.
  [[nodiscard]] bool begin_share(std::size_t share);
  /// Waits for something to explore. False when all is explored, or the search has stopped.
  [[nodiscard]] bool take_work(Work& work);
  /// What was taken is explored.
  void finish_work();
  /// Whether somebody waits for work.
  [[nodiscard]] bool wants_work() const;
  /// False where it cannot be taken now.
  [[nodiscard]] bool give_work(const Work& work);
  /// Ends all shares: the search will not be whole.
  void stop();
  [[nodiscard]] bool is_stopped() const;

  /// Ends all shares, since one process must search alone.
  void leave_to_one();
  [[nodiscard]] bool is_left_to_one() const;
  /// Whether the caller is the one: true once.
  [[nodiscard]] bool is_the_one();

 private:
  static constexpr std::size_t kMostShares = 256;
  static constexpr std::size_t kPlaces = 16;
  static constexpr std::size_t kLevels = 24;

  struct Slot {
    std::atomic<std::uint64_t> high;  ///< 0: free
    std::atomic<std::uint64_t> low;   ///< 0: about to be written; the lowest bits are the progress
  };
  struct Place {
    enum State : std::uint32_t { kEmpty, kInUse, kFull };
    std::atomic<std::uint32_t> state;
    Work work;
  };
  struct Control {
    std::atomic<std::uint32_t> levels;
    std::atomic<std::uint32_t> waiting;
    std::atomic<std::uint32_t> unfinished;  ///< work that was given and is not explored
    std::atomic<bool> is_stopped;
    std::atomic<bool> is_left_to_one;
    std::atomic<bool> has_one;
    std::array<std::atomic<bool>, kMostShares> began;
    std::array<Place, kPlaces> places;
  };

  [[nodiscard]] std::span<Slot> level(std::size_t number) const;
  [[nodiscard]] bool pick(Work& work);

  std::size_t bytes_ = 0;  ///< of all that is mapped
  std::size_t most_levels_ = 0;
  Control* control_ = nullptr;
  Slot* slots_ = nullptr;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_SHARED_STATES_H_
