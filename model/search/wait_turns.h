#ifndef SLABPROOF_MODEL_SEARCH_WAIT_TURNS_H_
#define SLABPROOF_MODEL_SEARCH_WAIT_TURNS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/search/execution.h"
#include "model/search/local_state.h"

namespace slabproof::model {

/// What each thread does from one pause to its next, which is called a turn, and whether it would
/// do the same again for ever.
///
/// A turn that leaves shared memory as it was, and the thread in the local state in which it began,
/// is a repetition: without it, everything that follows could happen as well. The local state is
/// what lies on the thread's stack and in its registers, byte by byte. What differs in bytes
/// without a meaning is taken for another state, which costs executions and never loses one. State
/// that a thread keeps elsewhere must be in checked objects.
class WaitTurns {
 public:
  /// What the turn that has just ended came to.
  enum class Turn : std::uint8_t {
    kProgress,    ///< it did something new
    kRetry,       ///< it wrote something, and the thread is where it was before
    kSameReads,   ///< it read and wrote what the turn before it did, in another local state
    kRepetition,  ///< it changed nothing
  };

  void begin_execution() noexcept;
  void begin_thread(std::size_t thread, const std::byte* stack_base) noexcept;

  [[nodiscard]] const std::byte* stack_base(std::size_t thread) const noexcept {
    return of_[thread].stack_base;
  }

  // ---- what the thread does; of interest from its first pause on ----

  /// `value` names what was read; `is_final` says that no other value could come back as long as
  /// nobody writes.
  void read(std::size_t thread, const void* object, std::uint64_t value, bool is_final);
  /// The value of an object that others may be waiting for has changed. Gives the set of threads
  /// that had read it in their present or last turn.
  std::uint8_t write(std::size_t thread, const void* object, std::uint64_t value) noexcept;
  void lock(std::size_t thread, const void* mutex) noexcept;
  void unlock(std::size_t thread, const void* mutex) noexcept;
  void failed_to_lock(std::size_t thread, std::uint16_t mutex);
  /// Something else that a repetition must not do: memory is requested, an object begins its life.
  void act(std::size_t thread) noexcept;

  /// The thread pauses, and knows `state`.
  [[nodiscard]] Turn end_turn(std::size_t thread, const LocalState& state);
  /// Whether the present turn has left shared memory as it was: if not, it is not a repetition.
  [[nodiscard]] bool has_no_effect(std::size_t thread) const noexcept;
  /// Whether what the present turn has read could be something else if it were read now.
  [[nodiscard]] bool may_differ(std::size_t thread) const noexcept {
    return of_[thread].may_differ;
  }
  /// The mutexes that the present turn has failed to lock.
  [[nodiscard]] std::span<const std::uint16_t> tries(std::size_t thread) const noexcept {
    return of_[thread].tries;
  }
  /// The set of threads whose present turn has failed to lock `mutex`.
  [[nodiscard]] std::uint8_t tried_by(std::uint16_t mutex) const noexcept;
  /// What the thread has read could be something else by now, for all that is known.
  void doubt(std::size_t thread) noexcept { of_[thread].may_differ = true; }
  /// The thread goes on after a repetition, with another turn.
  void begin_again(std::size_t thread);
  /// How many turns ended as the last one did, one after another.
  [[nodiscard]] unsigned in_a_row(std::size_t thread) const noexcept {
    return of_[thread].in_a_row;
  }

 private:
  struct PerThread {
    const std::byte* stack_base = nullptr;
    bool has_paused = false;
    bool has_acted = false;
    bool is_empty = true;
    bool may_differ = false;
    Turn turn = Turn::kProgress;
    unsigned in_a_row = 0;
    std::uint64_t lock_balance = 0;
    std::uint64_t operations = 0;         // a hash of what was done, in order
    std::uint64_t operations_before = 0;  // of the turn before
    std::vector<const void*> reads;
    std::vector<std::uint16_t> tries;
    LocalState state;              // when the turn began
    std::vector<std::byte> stack;  // by then
  };

  static void did(PerThread& me, const void* object, std::uint64_t value) noexcept;
  [[nodiscard]] static bool is_where_it_began(const PerThread& me,
                                              const LocalState& state) noexcept;

  std::array<PerThread, kMaxThreads> of_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_WAIT_TURNS_H_
