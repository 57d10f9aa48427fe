#ifndef SLABPROOF_FORK_REGISTRY_H_
#define SLABPROOF_FORK_REGISTRY_H_

#include <pthread.h>

#include <functional>
#include <optional>
#include <source_location>

#include "slabproof/alloc_error.h"
#include "slabproof/cache_registry.h"
#include "slabproof/lock_guard.h"
#include "slabproof/sync_policy.h"

namespace slabproof {

/// The slabs that a child process can use after a fork. Handlers of `pthread_atfork` take the locks
/// of all of them before a fork, and give them back after it, in parent and child. They cannot be
/// taken out again, so there is one set of them for the process, and slabs come and go in a list.
///
/// Lock order: this registry, then that of the caches, then slabs by address. No other thread waits
/// for the lock of a second slab while it has that of a first one, so nothing can deadlock.
///
/// TRUSTED[kernel.fork]: a child sees of each thread of its parent the writes up to some moment,
/// and no write without those that happen before it. Shown by //tests/impl:fork_guard_test.
template <ThreadedSyncPolicy Sync>
class ForkRegistry {
 public:
  /// A slab, by what is to be done with it. The link is guarded by the registry's lock.
  struct Member {
    using Action = void (*)(void* slab) noexcept;
    void* const slab;
    const Action before;
    const Action after_in_parent;
    const Action after_in_child;
    typename Sync::template Var<Member*> next{static_cast<Member*>(nullptr)};
  };

  /// `member` stays where it is until it leaves. O(slabs), and one lock acquisition.
  /// Errors: `kOutOfMemory` where the system has no room for the handlers; then it has not joined.
  [[nodiscard]] static std::optional<AllocError> join(Member& member) noexcept {
    Process& process = Processes::get();
    const LockGuard guard(process.mutex);
    if (!process.has_handlers.read()) {
      if (::pthread_atfork(&before, &after_in_parent, &after_in_child) != 0) {
        return AllocError::kOutOfMemory;
      }
      process.has_handlers.write() = true;
    }
    auto* place = &process.first;
    while (place->read() != nullptr && std::less<>()(place->read()->slab, member.slab)) {
      place = &place->read()->next;
    }
    member.next.write() = place->read();
    place->write() = &member;
    return std::nullopt;
  }

  /// Requires that `member` has joined. As `join`.
  static void leave(const Member& member) noexcept {
    Process& process = Processes::get();
    const LockGuard guard(process.mutex);
    auto* place = &process.first;
    while (place->read() != &member) place = &place->read()->next;
    place->write() = member.next.read();
  }

 private:
  struct Process {
    typename Sync::Mutex mutex;
    typename Sync::template Var<bool> has_handlers{false};
    typename Sync::template Var<Member*> first{static_cast<Member*>(nullptr)};
  };
  using Processes = typename Sync::template Global<Process>;
  using Caches = CacheRegistry<Sync>;

  using Phase = const typename Member::Action Member::*;

  static void for_each(Phase phase) noexcept {
    const Member* member = Processes::get().first.read();
    for (; member != nullptr; member = member->next.read()) (member->*phase)(member->slab);
  }

  static void before() noexcept {
    Processes::get().mutex.lock(std::source_location::current());
    Caches::Processes::get().mutex.lock(std::source_location::current());
    for_each(&Member::before);
  }
  static void after_in_parent() noexcept { end(&Member::after_in_parent); }
  static void after_in_child() noexcept { end(&Member::after_in_child); }

  static void end(Phase phase) noexcept {
    for_each(phase);
    Caches::Processes::get().mutex.unlock(std::source_location::current());
    Processes::get().mutex.unlock(std::source_location::current());
  }
};

}  // namespace slabproof

#endif  // SLABPROOF_FORK_REGISTRY_H_
