#ifndef SLABPROOF_SYNC_CAPABILITIES_H_
#define SLABPROOF_SYNC_CAPABILITIES_H_

// What a sync policy may offer beyond `SyncPolicy`, each as a concept of its own. The slab asks for
// none of it; a class of your own names what it needs, and runs under every policy that has it.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "slabproof/sync_policy.h"

namespace slabproof {

/// `S::await(predicate)` returns once `predicate()` has said true. A call that says false must have
/// no net effect: it leaves nothing behind that a later call looks at, neither in local variables
/// nor, when it returns, in shared ones, and no other thread acts on what it changed meanwhile.
template <class S>
concept AwaitingSyncPolicy = requires(bool (*predicate)(), std::source_location where) {
  { S::await(predicate, where) } noexcept;
};

/// `try_lock` may fail at any time, as in the standard library.
template <class M>
concept TryLockMutex = SyncMutex<M> && requires(M mutex, std::source_location where) {
  { mutex.try_lock(where) } noexcept -> std::same_as<bool>;
};

/// Held by one writer or by any number of readers.
template <class M>
concept SharedSyncMutex = SyncMutex<M> && requires(M mutex, std::source_location where) {
  { mutex.lock_shared(where) } noexcept;
  { mutex.unlock_shared(where) } noexcept;
};

/// `wait` gives the mutex back, waits for a notification and takes the mutex again. It may return
/// without a notification.
template <class C, class M>
concept SyncConditionVariable = std::is_default_constructible_v<C> &&
                                requires(C condition, M mutex, std::source_location where) {
                                  { condition.wait(mutex, where) } noexcept;
                                  { condition.notify_one(where) } noexcept;
                                  { condition.notify_all(where) } noexcept;
                                };

/// `wait(old, order)` returns when the value is not `old`. Whoever changes the value must notify.
template <class A, class T>
concept WaitableSyncAtomic =
    requires(A atomic, T value, std::memory_order order, std::source_location where) {
      { atomic.load(order, where) } noexcept -> std::same_as<T>;
      { atomic.store(value, order, where) } noexcept;
      { atomic.wait(value, order, where) } noexcept;
      { atomic.notify_one(where) } noexcept;
      { atomic.notify_all(where) } noexcept;
    };

/// Compare-exchanges of one order; one that fails has it without its release.
template <class A, class T>
concept OneOrderSyncAtomic =
    requires(A atomic, T value, std::memory_order order, std::source_location where) {
      { atomic.compare_exchange_weak(value, value, order, where) } noexcept -> std::same_as<bool>;
      { atomic.compare_exchange_strong(value, value, order, where) } noexcept -> std::same_as<bool>;
    };

template <class A, class T>
concept BitSyncAtomic =
    requires(A atomic, T value, std::memory_order order, std::source_location where) {
      { atomic.fetch_and(value, order, where) } noexcept -> std::same_as<T>;
      { atomic.fetch_or(value, order, where) } noexcept -> std::same_as<T>;
      { atomic.fetch_xor(value, order, where) } noexcept -> std::same_as<T>;
    };

/// Of a pointer to objects: steps by whole objects.
template <class A, class P>
concept PointerSyncAtomic =
    requires(A atomic, std::ptrdiff_t step, std::memory_order order, std::source_location where) {
      { atomic.fetch_add(step, order, where) } noexcept -> std::same_as<P>;
      { atomic.fetch_sub(step, order, where) } noexcept -> std::same_as<P>;
    };

/// A policy with all of this.
template <class S>
concept BlockingSyncPolicy =
    SyncPolicy<S> && AwaitingSyncPolicy<S> && TryLockMutex<typename S::Mutex> &&
    SharedSyncMutex<typename S::SharedMutex> &&
    SyncConditionVariable<typename S::ConditionVariable, typename S::Mutex> &&
    WaitableSyncAtomic<typename S::template WaitableAtomic<std::uint64_t>, std::uint64_t> &&
    OneOrderSyncAtomic<typename S::template Atomic<std::uint64_t>, std::uint64_t> &&
    BitSyncAtomic<typename S::template Atomic<std::uint64_t>, std::uint64_t> &&
    PointerSyncAtomic<typename S::template Atomic<int*>, int*>;

}  // namespace slabproof

#endif  // SLABPROOF_SYNC_CAPABILITIES_H_
