#ifndef SLABPROOF_MODEL_SEARCH_EXECUTION_H_
#define SLABPROOF_MODEL_SEARCH_EXECUTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/search/failure.h"
#include "model/search/limits.h"

namespace slabproof::model {

/// What became of a region of memory that a program asked for.
enum class RegionAction : std::uint8_t { kGranted, kRefused, kReleased, kDiscarded };

/// A request for memory or, of memory that was granted, its release or the loss of its contents.
struct RegionEvent {
  RegionAction action = RegionAction::kGranted;
  std::uint32_t tag = 0;              ///< the program's own; it means nothing to the checker
  std::optional<std::size_t> thread;  ///< none before the threads start and after they finish
  const std::byte* data = nullptr;    ///< null where refused
  std::size_t size = 0;               ///< bytes; of `kDiscarded`, those that were given back
};

/// Gets what a program tells of its state. Numbers mean the same in every execution; an address is
/// one of memory of the checker, or of what belongs to a thread (`StateOfProgram::owned`).
class StateSink {
 public:
  virtual void number(std::uint64_t number) = 0;
  virtual void address(const void* address) = 0;
  /// The number of a thread, which is not the same in executions that differ in which of some
  /// interchangeable threads is which.
  virtual void thread(std::size_t thread) = 0;

 protected:
  ~StateSink() = default;
};

/// What a search that compares states asks of a program, where no thread runs: all that it keeps
/// outside checked objects and the stacks of `Engine::call_apart`, as far as what it does from here
/// on, and how that is judged, depends on it.
class StateOfProgram {
 public:
  virtual ~StateOfProgram() = default;

  /// What belongs to no thread. Called before `append_thread`, if need be several times. False if
  /// the execution has failed already, or cannot be told: then what comes out of it is seen when it
  /// has ended.
  [[nodiscard]] virtual bool append_shared(StateSink& sink) = 0;
  virtual void append_thread(std::size_t thread, StateSink& sink) = 0;
  /// Whether a region is part of a pool as soon as it is shared: of the values in it only those
  /// count that are addresses of other memory, and it does not matter where in the pool they lie.
  [[nodiscard]] virtual bool is_of_pool(std::uint32_t /*tag*/, std::size_t /*size*/) const {
    return false;
  }
  /// How far the program is: a number that each step of a thread makes greater. Where it depends on
  /// more than the state, or is the same again, one process must search alone. See SharedStates.
  [[nodiscard]] virtual std::uint32_t progress() const { return 0; }
  /// Memory of the program's own that stands for the same in each thread, as far as addresses of it
  /// go; its contents are told by `append_thread`.
  [[nodiscard]] virtual std::span<const std::byte> owned(std::size_t thread) const = 0;
};

/// What a search runs again and again, each time under another schedule.
///
/// `before`, `thread` and `after` run on stacks of their own, of 320 KiB. A failure abandons the
/// execution at once, without running destructors: `before` must therefore set up all state anew.
/// What the functions do may depend on nothing but what they read through the checked sync policy.
/// What threads have allocated with `new` by then stays allocated, unless
/// RunSettings::free_abandoned_heap is set; memory of a ModelBacking is reused.
///
/// An exception that leaves one of them is a failure of the execution (S8). Searches that run them
/// refuse, with a message, a program that does not do the same again under the same schedule.
///
/// TRUSTED[relacy.standard_mutex]: the checker does not see a std::mutex, std::recursive_mutex or
/// other primitive of the standard library, nor a thread of the operating system that touches no
/// checked object. A std::mutex that one thread of the model holds during a step and another wants
/// ends the search with a message, after a time limit; one that is held during no step excludes
/// what cannot happen anyway, and orders nothing; a std::recursive_mutex excludes no thread of the
/// model, as all run on one thread of the operating system. Shown by
/// //tests/checker:misuse_test CheckerMisuse.StandardMutexThatAnotherThreadHoldsIsReported,
/// CheckerMisuse.StandardMutexOrdersNothing, CheckerMisuse.RecursiveMutexExcludesNothing.
///
/// TRUSTED[reduction.same_again]: whether a program does the same again is judged by the operations
/// that it announces and by the numbers that it reads, in executions that begin with the same
/// choices; a difference that shows in neither, or only in addresses, is not noticed. Shown by
/// //tests/checker:state_between_executions_test
/// StateBetweenExecutions.StateKeptOutsideBeforeIsRefused.
class Execution {
 public:
  virtual ~Execution() = default;

  /// 1 to kMaxThreads.
  [[nodiscard]] virtual std::size_t thread_count() const = 0;
  /// Runs before the threads, alone; everything in it happens before every thread's first step.
  virtual void before() {}
  virtual void thread(std::size_t index) = 0;
  /// Runs after the threads, alone; every thread's last step happens before it.
  virtual void after() {}

  /// Called on the caller's stack after an execution that ran to its end: judges what it recorded.
  [[nodiscard]] virtual std::optional<Failure> judge() { return std::nullopt; }

  /// Called whenever a thread has acquired a mutex, while the threads run. Of a trace, the newest
  /// event is that lock.
  virtual void acquired(std::size_t /*thread*/, std::uint16_t /*mutex*/) {}
  /// Called whenever memory has been granted or refused, is about to be released, or has lost its
  /// contents. Of a trace, the newest event is that, but for a release.
  virtual void region_event(const RegionEvent& /*event*/) {}

  /// For searches that compare states; null where the program does not tell its state.
  [[nodiscard]] virtual StateOfProgram* state() { return nullptr; }
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_EXECUTION_H_
