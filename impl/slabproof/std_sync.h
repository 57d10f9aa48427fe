#ifndef SLABPROOF_STD_SYNC_H_
#define SLABPROOF_STD_SYNC_H_

#include <atomic>
#include <mutex>
#include <source_location>
#include <thread>
#include <type_traits>
#include <utility>

#include "slabproof/sync_policy.h"

namespace slabproof {

/// The production `SyncPolicy`: the standard library's mutex and atomics, and a bare `T` for a
/// shared plain variable. Source locations are ignored and compile away.
///
/// TRUSTED[compiler.mutex]: the standard library's mutex excludes, and an unlock happens before
/// the next lock of the same mutex.
struct StdSync {
  /// A std::mutex. Safe from any thread, as that is; blocks while another thread holds it.
  class Mutex {
   public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Waits until no thread holds it, and holds it. Not by a thread that does already.
    void lock(std::source_location = std::source_location::current()) noexcept { mutex_.lock(); }
    /// Gives it back. By the thread that holds it.
    void unlock(std::source_location = std::source_location::current()) noexcept {
      mutex_.unlock();
    }

   protected:
    /// The mutex, for a policy that adds to this one.
    std::mutex mutex_;
  };

  /// A `T` that threads share under a lock, in its own size and without a check. What threads do to
  /// it is ordered by the locks of its user; else it is a race, as of any variable. O(1) beyond
  /// what `T` does.
  template <class T>
  class Var {
   public:
    /// With that value. Throws what the move of a `T` throws.
    explicit constexpr Var(
        T initial,
        std::source_location =
            std::source_location::current()) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(initial)) {}
    Var(const Var&) = delete;
    Var& operator=(const Var&) = delete;

    /// The value, to read until another thread may write.
    [[nodiscard]] const T& read(
        std::source_location = std::source_location::current()) const noexcept {
      return value_;
    }
    /// The value, to write or to read and write, while no other thread does either.
    [[nodiscard]] T& write(std::source_location = std::source_location::current()) noexcept {
      return value_;
    }

   private:
    T value_;
  };

  /// A std::atomic<T>, each operation with its order said; lock-free where that is. Safe from any
  /// thread, O(1).
  template <class T>
  class Atomic {
   public:
    /// With that value, which is there before any operation.
    explicit constexpr Atomic(T initial,
                              std::source_location = std::source_location::current()) noexcept
        : value_(initial) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    /// The value.
    T load(std::memory_order order,
           std::source_location = std::source_location::current()) const noexcept {
      return value_.load(order);
    }
    /// Sets the value.
    void store(T value, std::memory_order order,
               std::source_location = std::source_location::current()) noexcept {
      value_.store(value, order);
    }
    /// Sets the value and returns the one before it.
    T exchange(T value, std::memory_order order,
               std::source_location = std::source_location::current()) noexcept {
      return value_.exchange(value, order);
    }
    /// Sets the value to `desired` and returns true if it is `expected`; else puts it into
    /// `expected` and returns false. May also fail where it is `expected`.
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure,
                               std::source_location = std::source_location::current()) noexcept {
      return value_.compare_exchange_weak(expected, desired, success, failure);
    }
    /// As the weak one, but fails only where the value is not `expected`.
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure,
                                 std::source_location = std::source_location::current()) noexcept {
      return value_.compare_exchange_strong(expected, desired, success, failure);
    }
    /// Adds to the value and returns the one before it. Wraps around.
    T fetch_add(T value, std::memory_order order,
                std::source_location = std::source_location::current()) noexcept {
      return value_.fetch_add(value, order);
    }
    /// Subtracts from the value and returns the one before it. Wraps around.
    T fetch_sub(T value, std::memory_order order,
                std::source_location = std::source_location::current()) noexcept {
      return value_.fetch_sub(value, order);
    }

   protected:
    /// The atomic, for a policy that adds to this one.
    std::atomic<T> value_;
  };

  /// A `T` for each thread, for all objects of the program together. The thread that asks gets its
  /// own; O(1), without a call.
  template <class T>
  class ThreadLocal {
    static_assert(std::is_trivially_destructible_v<T>,
                  "slabproof: what a destructor registered would cost every access a call");

   public:
    /// That of the calling thread, value-initialised before its first use.
    static T& get() noexcept { return value_; }
    /// The end of the calling thread calls `on_thread_exit` of its `T`. May be called again.
    static void arm() noexcept { hook_.armed = true; }

   private:
    struct Hook {
      bool armed = false;
      ~Hook() {
        if (armed) get().on_thread_exit();
      }
    };
    static inline constinit thread_local T value_{};
    // Apart from the value, so that only `arm` pays for a thread-local object with a destructor.
    static inline thread_local Hook hook_;
  };

  /// One `T` of the program, which no destructor of a static object outlives.
  template <class T>
  class Global {
    static_assert(std::is_trivially_destructible_v<T>,
                  "slabproof: a global must outlive every destructor that may use it");

   public:
    /// It, value-initialised before any static object is.
    static T& get() noexcept { return value_; }

   private:
    static inline constinit T value_{};
  };

  /// As std::atomic_thread_fence.
  static void fence(std::memory_order order,
                    std::source_location = std::source_location::current()) noexcept {
    std::atomic_thread_fence(order);
  }

  /// Called in a loop that waits for another thread.
  static void pause(std::source_location = std::source_location::current()) noexcept {
    std::this_thread::yield();
  }
};

static_assert(ThreadedSyncPolicy<StdSync>);

}  // namespace slabproof

#endif  // SLABPROOF_STD_SYNC_H_
