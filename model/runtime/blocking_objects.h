#ifndef SLABPROOF_MODEL_RUNTIME_BLOCKING_OBJECTS_H_
#define SLABPROOF_MODEL_RUNTIME_BLOCKING_OBJECTS_H_

// What threads of a checked program wait with, made of the atomics, the mutexes and the `await` of
// their sync policy: so each engine has it, and its memory model holds for it.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/search/limits.h"
#include "model/search/local_state.h"

namespace slabproof::model {

/// The threads that wait for a notification, as bits of one word. All its operations are
/// read-modify-writes, so they have one order.
template <class Sync>
class Waiters {
 public:
  explicit Waiters(std::source_location where) noexcept : waiting_(0, where) {}

  void enter(std::memory_order order, std::source_location where) noexcept {
    waiting_.fetch_or(me(where), order, where);
  }
  void leave(std::source_location where) noexcept {
    waiting_.fetch_and(~me(where), std::memory_order::relaxed, where);
  }
  /// Until somebody has let the running thread go.
  void await(std::memory_order order, std::source_location where) noexcept {
    Sync::await([&] { return (waiting_.load(order, where) & me(where)) == 0; }, where);
  }
  /// Lets go one thread, if any waits, and the search tries each of them.
  void let_one_go(std::memory_order order, std::source_location where) noexcept {
    Sync::await(
        [&] {
          std::uint64_t waiting = waiting_.fetch_or(0, order, where);
          if (waiting == 0) return true;
          std::uint64_t rest = waiting;
          const auto count = static_cast<std::size_t>(std::popcount(waiting));
          slabproof_note_local_state();
          for (std::size_t skip = checker_hooks::choose(count, where); skip != 0; --skip) {
            rest &= rest - 1;
          }
          const std::uint64_t chosen = rest & (0 - rest);
          return waiting_.compare_exchange_strong(waiting, waiting & ~chosen, order,
                                                  std::memory_order::relaxed, where);
        },
        where);
  }
  void let_all_go(std::memory_order order, std::source_location where) noexcept {
    waiting_.exchange(0, order, where);
  }

 private:
  static std::uint64_t me(std::source_location where) noexcept {
    return std::uint64_t{1} << checker_hooks::running(where).actor;
  }

  Sync::template Atomic<std::uint64_t> waiting_;
};

/// A notification orders nothing. A wait may end without one, as often as a thread's weak
/// compare-exchanges may fail.
template <class Sync>
class CheckedConditionVariable {
 public:
  using Where = std::source_location;

  explicit CheckedConditionVariable(Where where = Where::current()) noexcept : waiters_(where) {}

  void wait(Sync::Mutex& mutex, Where where = Where::current()) noexcept {
    waiters_.enter(std::memory_order::relaxed, where);
    mutex.unlock(where);
    slabproof_note_local_state();
    if (checker_hooks::happens_without_cause(where)) {
      waiters_.leave(where);
    } else {
      waiters_.await(std::memory_order::relaxed, where);
    }
    mutex.lock(where);
  }
  void notify_one(Where where = Where::current()) noexcept {
    waiters_.let_one_go(std::memory_order::relaxed, where);
  }
  void notify_all(Where where = Where::current()) noexcept {
    waiters_.let_all_go(std::memory_order::relaxed, where);
  }

 private:
  Waiters<Sync> waiters_;
};

/// Who is notified has a notification before it, which hides no race: in another execution the
/// thread looks later and need not wait.
template <class Sync, class T>
class CheckedWaitableAtomic : public Sync::template Atomic<T> {
  using Base = Sync::template Atomic<T>;

 public:
  using Where = std::source_location;

  explicit CheckedWaitableAtomic(T initial, Where where = Where::current()) noexcept
      : Base(initial, where), waiters_(where) {}

  void wait(T old, std::memory_order order, Where where = Where::current()) noexcept {
    while (this->load(order, where) == old) {
      waiters_.enter(std::memory_order::acq_rel, where);
      if (this->load(order, where) != old) return waiters_.leave(where);
      waiters_.await(std::memory_order::acquire, where);
    }
  }
  void notify_one(Where where = Where::current()) noexcept {
    waiters_.let_one_go(std::memory_order::acq_rel, where);
  }
  void notify_all(Where where = Where::current()) noexcept {
    waiters_.let_all_go(std::memory_order::acq_rel, where);
  }

 private:
  Waiters<Sync> waiters_;
};

/// A mutex for each thread: a reader locks its own, a writer all of them, one after the other. So
/// readers neither exclude nor order each other. A writer that waits for one reader keeps those out
/// whose mutexes it has by then; the standard leaves open whether it does.
template <class Sync>
class CheckedSharedMutex {
 public:
  using Where = std::source_location;

  explicit CheckedSharedMutex(Where where = Where::current()) noexcept
      : CheckedSharedMutex(std::make_index_sequence<kMaxThreads + 1>(), where) {}

  void lock(Where where = Where::current()) noexcept {
    const std::size_t actors = checker_hooks::running(where).actors;
    for (std::size_t actor = 0; actor < actors; ++actor) mutexes_[actor].lock(where);
    is_written_ = true;
  }
  void unlock(Where where = Where::current()) noexcept {
    require(is_written_, where);
    is_written_ = false;
    for (std::size_t actor = checker_hooks::running(where).actors; actor-- > 0;) {
      mutexes_[actor].unlock(where);
    }
  }
  void lock_shared(Where where = Where::current()) noexcept { mine(where).lock(where); }
  void unlock_shared(Where where = Where::current()) noexcept {
    require(!is_written_, where);
    mine(where).unlock(where);
  }

 private:
  template <std::size_t... Actor>
  CheckedSharedMutex(std::index_sequence<Actor...> /*actors*/, Where where) noexcept
      : mutexes_{{typename Sync::Mutex((static_cast<void>(Actor), where))...}} {}

  Sync::Mutex& mine(Where where) noexcept { return mutexes_[checker_hooks::running(where).actor]; }
  static void require(bool is_held, Where where) noexcept {
    if (is_held) return;
    checker_hooks::report("shared mutex", "a thread unlocks a shared mutex that nobody holds so",
                          where);
  }

  std::array<typename Sync::Mutex, kMaxThreads + 1> mutexes_;
  bool is_written_ = false;  // of use to who holds one of the mutexes
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_BLOCKING_OBJECTS_H_
