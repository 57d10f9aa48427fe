#ifndef SLABPROOF_SYNC_POLICY_H_
#define SLABPROOF_SYNC_POLICY_H_

#include <atomic>
#include <concepts>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "slabproof/language.h"

namespace slabproof {

/// A mutual-exclusion lock. `lock` blocks; neither operation may throw, since a policy that throws
/// under a lock would leave the slab half changed (property S11).
template <class M>
concept SyncMutex =
    std::is_default_constructible_v<M> && requires(M mutex, std::source_location where) {
      { mutex.lock(where) } noexcept;
      { mutex.unlock(where) } noexcept;
    };

/// A plain variable that several threads share under some rule, usually a lock. `read` announces a
/// load and yields the value; `write` announces a store and yields the value for the caller to
/// change at once. Construction and destruction are accesses as well: a checker sees them as
/// stores, so two owners of one piece of memory are a data race and not a silent overwrite.
template <class V, class T>
concept SyncVar = std::is_nothrow_constructible_v<V, T> && std::is_nothrow_destructible_v<V> &&
                  requires(V variable, const V constant, std::source_location where) {
                    { constant.read(where) } noexcept -> std::same_as<const T&>;
                    { variable.write(where) } noexcept -> std::same_as<T&>;
                  };

/// Where every lock and every shared variable of the library comes from.
///
/// TRUSTED[oracle.one_source]: a template that keeps a property under one policy keeps it under
/// another whose operations mean the same. The text is the same; what differs is the size of
/// links and headers, hence the stride. Shown by //tests/impl:std_sync_test.
///
/// The production policy is `StdSync`. A verifier supplies its own policy and so runs the shipped
/// templates without a macro or a hook in them; the trailing `std::source_location` of each
/// operation is what lets it name lines of this library in a counterexample.
template <class S>
concept SyncPolicy =
    SyncMutex<typename S::Mutex> &&
    SyncVar<typename S::template Var<std::uint64_t>, std::uint64_t> &&
    requires(typename S::template Atomic<std::uint64_t> atomic, std::uint64_t value,
             std::memory_order order, std::source_location where) {
      { atomic.load(order, where) } noexcept -> std::same_as<std::uint64_t>;
      { atomic.store(value, order, where) } noexcept;
      { atomic.exchange(value, order, where) } noexcept -> std::same_as<std::uint64_t>;
      {
        atomic.compare_exchange_weak(value, value, order, order, where)
      } noexcept -> std::same_as<bool>;
      {
        atomic.compare_exchange_strong(value, value, order, order, where)
      } noexcept -> std::same_as<bool>;
      { atomic.fetch_add(value, order, where) } noexcept -> std::same_as<std::uint64_t>;
      { atomic.fetch_sub(value, order, where) } noexcept -> std::same_as<std::uint64_t>;
      { S::fence(order, where) } noexcept;
      { S::pause(where) } noexcept;
    };

/// One `T` for each thread, constant-initialized, so that `get` is a few instructions. After `arm`
/// in a thread, `on_thread_exit` of its `T` runs when that thread ends; the `T` itself can be used
/// until the thread is gone, also by destructors that run later.
template <class L, class T>
concept SyncThreadLocal = requires {
  { L::get() } noexcept -> std::same_as<T&>;
  { L::arm() } noexcept;
};

/// One `T` for the process, constant-initialized and never destroyed.
template <class G, class T>
concept SyncGlobal = requires {
  { G::get() } noexcept -> std::same_as<T&>;
};

/// What a `SyncThreadLocal` may hold.
struct SyncThreadLocalExample {
  /// Called when the thread ends.
  void on_thread_exit() noexcept {}
};

/// A policy with storage for each thread and for the process, which the caches of threads need.
template <class S>
concept ThreadedSyncPolicy =
    SyncPolicy<S> &&
    SyncThreadLocal<typename S::template ThreadLocal<SyncThreadLocalExample>,
                    SyncThreadLocalExample> &&
    SyncGlobal<typename S::template Global<SyncThreadLocalExample>, SyncThreadLocalExample>;

}  // namespace slabproof

#endif  // SLABPROOF_SYNC_POLICY_H_
