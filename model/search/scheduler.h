#ifndef SLABPROOF_MODEL_SEARCH_SCHEDULER_H_
#define SLABPROOF_MODEL_SEARCH_SCHEDULER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/search/execution.h"

namespace slabproof::model {

/// What a thread is about to do. A read-modify-write counts as a write, and so does a
/// compare-exchange, though it may fail.
enum class OperationKind : std::uint8_t {
  kNone,  ///< nothing that another thread could see: the start of a thread
  kLock,
  kUnlock,
  kRead,
  kWrite,
  kSeqCstFence,
  kPause,  ///< a point at which another thread may go on, and no more
  kYield,  ///< a pause after which the others go on first
};

struct Operation {
  OperationKind kind = OperationKind::kNone;
  /// Number of the mutex or atomic: the thread that made it, and how many that thread had made
  /// before, so that it is the same in every execution of one Mazurkiewicz trace.
  std::uint16_t object = 0;
};

/// Whether the order of two operations of different threads can matter.
///
/// Lock, unlock, read and write matter to each other on one object, but for two reads. Sequentially
/// consistent fences matter to each other; other fences, and sequentially consistent accesses to
/// different objects, do not. A pause matters to nobody; a thread that yields waits for steps of
/// others, so its yield depends on all.
constexpr bool dependent(Operation a, Operation b) noexcept {
  using enum OperationKind;
  if (a.kind == kNone || b.kind == kNone) return false;
  if (a.kind == kPause || b.kind == kPause) return false;
  if (a.kind == kYield || b.kind == kYield) return true;
  if (a.kind == kSeqCstFence || b.kind == kSeqCstFence) return a.kind == b.kind;
  return a.object == b.object && !(a.kind == kRead && b.kind == kRead);
}

/// One bit for each thread.
using ThreadSet = std::uint8_t;

constexpr ThreadSet just(std::size_t thread) noexcept {
  return static_cast<ThreadSet>(1U << thread);
}
constexpr bool contains(ThreadSet set, std::size_t thread) noexcept {
  return (set >> thread & 1U) != 0;
}
constexpr ThreadSet without(ThreadSet set, ThreadSet removed) noexcept {
  return static_cast<ThreadSet>(set & ~removed);
}

/// The moment at which some thread must be chosen to make the next step.
struct SchedulingPoint {
  static constexpr std::size_t kNobody = 0xff;

  std::array<Operation, kMaxThreads> pending{};  ///< meaningful for started threads
  ThreadSet unfinished = 0;
  ThreadSet enabled = 0;          ///< those that can go on; never empty where a thread is chosen
  ThreadSet stopped = 0;          ///< those that do nothing but repeat a turn of a wait, or failed
  std::size_t current = kNobody;  ///< who made the last step
  std::array<ThreadSet, kMaxThreads> waits_for{};  ///< the steps that a yielding thread awaits
};

/// Decides what happens next in an execution, and which execution comes after it.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Whether the engine runs every thread up to its first operation before the first choice. That
  /// step is invisible to other threads, so nothing is lost.
  [[nodiscard]] virtual bool starts_threads_first() const { return true; }
  /// Whether it keeps to `at.enabled`, so that no thread that it runs has to wait for a lock.
  [[nodiscard]] virtual bool never_blocks() const { return true; }
  /// Whether it explores all executions. Then a thread that repeats a turn of a wait stops there:
  /// the executions in which it does not are explored as well.
  [[nodiscard]] virtual bool explores_all() const { return false; }
  /// Whether it compares the states of the program, and so notices by itself that one comes back: a
  /// pause is a point like any other then, and nobody is stopped for a wait. It is asked at each
  /// pause.
  [[nodiscard]] virtual bool compares_states() const { return false; }
  virtual void begin() = 0;
  /// A member of `at.enabled`.
  [[nodiscard]] virtual std::size_t choose_thread(const SchedulingPoint& at) = 0;
  /// Which of `count` values comes back: which store a load reads, whether a weak
  /// compare-exchange fails spuriously. Less than `count`, which is at least 2.
  [[nodiscard]] virtual std::size_t choose_value(std::size_t count) = 0;
  /// Whether what it chooses is not its own answer to all that goes beyond a record.
  [[nodiscard]] virtual bool has_more() const { return true; }
  /// The running thread pauses; whether it repeats a turn, as it seems, or as it was before under
  /// the same choices.
  [[nodiscard]] virtual bool settle_repetition(bool seems) { return seems; }
  /// The running thread has failed; the others go on for what else they can do.
  virtual void failed(std::size_t /*thread*/) {}
  /// The running thread has released a mutex.
  virtual void released(std::uint16_t /*mutex*/) {}
  /// The execution was abandoned: a deadlock, another failure, or nothing left but repetitions.
  virtual void cut_short(const SchedulingPoint& /*at*/) {}
  /// Goes on to the next execution; false when there is none.
  [[nodiscard]] virtual bool advance() = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_SCHEDULER_H_
