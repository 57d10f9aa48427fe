#ifndef SLABPROOF_FORK_GUARD_H_
#define SLABPROOF_FORK_GUARD_H_

#include <optional>

#include "slabproof/alloc_error.h"
#include "slabproof/fork_registry.h"

namespace slabproof {

/// A slab whose locks can be held during a fork.
template <class S>
concept ForkAware = requires(S slab) {
  typename S::Sync;
  { slab.before_fork() } noexcept;
  { slab.after_fork_in_parent() } noexcept;
  { slab.after_fork_in_child() } noexcept;
};

/// Makes a slab usable in a child process whose parent has several threads.
///
///     slabproof::ExtendableSlab<Order> slab(1024);
///     slabproof::ForkGuard guard(slab);
///
/// Without it a child of a threaded process may use a slab only if no other thread used it at the
/// fork; else another thread may have held the lock, and in the child nobody gives that back, or
/// what the lock guards may be half changed.
///
/// With it each fork waits for the critical sections of the other threads, each of which is short,
/// and the child finds the slab as it is between two of them. What the threads that are not there
/// had in hand stays live, and cannot be had again in the child: their blocks, those in their
/// caches, those that remotes had gathered. Memory of caches and segments that they were about to
/// use stays mapped until the child ends. A segment that one of them was trimming is whole again; a
/// fork waits for a trim of one with live blocks, which is O(slots) and calls of the backing.
/// The calling thread has its own cache, as before. A slab that ends in the child reports those
/// blocks as leaks (property S14), so a static one may not have a `Misuse` that aborts then.
///
/// Forks are those that run the handlers of `pthread_atfork`: not `vfork`, `_Fork`, or a system
/// call. `fork` may not be called in a policy of the slab. Of a program's own handlers, those that
/// were there before its first guard may not use a guarded slab.
///
/// A `SlabOwner` needs no guard: its own thread may fork and use it in the child, together with new
/// remotes. A child that another thread made may not use it. Its memory stays mapped in the child
/// where another thread had a remote.
///
/// Thread safety: guards of distinct slabs may come and go at any time, also during forks. A slab
/// has one guard at a time, which ends before it. O(guards) each, no heap; a fork costs O(guards),
/// and its child O(segments).
template <class Slab>
class ForkGuard {
  static_assert(ForkAware<Slab>,
                "slabproof: a ForkGuard is for a slab that several threads use, an ExtendableSlab "
                "or a CachedSlab; a SlabOwner needs none in the thread that uses it");
  using Registry = ForkRegistry<typename Slab::Sync>;

 public:
  /// Guards `slab` from now on, which must outlive it. Not async-signal-safe.
  explicit ForkGuard(Slab& slab) noexcept
      : member_{.slab = &slab,
                .before = [](void* it) noexcept { static_cast<Slab*>(it)->before_fork(); },
                .after_in_parent =
                    [](void* it) noexcept { static_cast<Slab*>(it)->after_fork_in_parent(); },
                .after_in_child =
                    [](void* it) noexcept { static_cast<Slab*>(it)->after_fork_in_child(); }},
        error_(Registry::join(member_)) {}
  ~ForkGuard() {
    if (!error_) Registry::leave(member_);
  }
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  /// `kOutOfMemory` where the system has no room for the handlers: forks are as without a guard.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return error_; }

 private:
  typename Registry::Member member_;
  const std::optional<AllocError> error_;
};

}  // namespace slabproof

#endif  // SLABPROOF_FORK_GUARD_H_
