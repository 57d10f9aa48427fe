#ifndef SLABPROOF_CACHE_REGISTRY_H_
#define SLABPROOF_CACHE_REGISTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "slabproof/language.h"
#include "slabproof/lock_guard.h"

namespace slabproof {

/// Which thread has a cache of which slab. A thread and a slab may end in either order, also at the
/// same time: each ends the caches that are its own and that the other has not ended before. Both
/// are rare, so one lock for the process decides; no operation on a block takes it.
///
/// Lock order: registry, then depot or slab.
template <class Sync>
class CacheRegistry {
 public:
  struct Member;
  using Link = typename Sync::template Var<Member*>;

  /// The caches of one slab. Guarded by the registry's lock, but for `id`.
  struct SlabMembers {
    explicit SlabMembers(std::uint64_t slab_id) noexcept : id(slab_id) {}
    const std::uint64_t id;  ///< never used again for another slab; not 0
    Link first{static_cast<Member*>(nullptr)};
  };

  /// A cache as a member of two lists: those of its thread and those of its slab. Whoever takes it
  /// out of both owns it. The links are guarded by the registry's lock.
  struct Member {
    explicit Member(std::uint64_t id, void (*give_back)(Member*) noexcept,
                    void (*release_memory)(Member*) noexcept) noexcept
        : slab_id(id), empty(give_back), release(release_memory) {}
    const std::uint64_t slab_id;
    void (*const empty)(Member*) noexcept;  ///< gives its blocks to the slab, which must be alive
    /// Gives its blocks to the slab, unless it is empty, and its memory back; no lock may be held.
    void (*const release)(Member*) noexcept;
    Link next_of_thread{static_cast<Member*>(nullptr)};
    Link next_of_slab{static_cast<Member*>(nullptr)};
    typename Sync::template Var<Link*> at_thread{static_cast<Link*>(nullptr)};
    typename Sync::template Var<Link*> at_slab{static_cast<Link*>(nullptr)};
  };

  /// What a thread knows of its caches.
  struct Table {
    static constexpr std::size_t kWays = 16;
    struct Entry {
      std::uint64_t slab_id = 0;
      Member* member = nullptr;
    };

    /// The caches that it used last, by slab. An entry of a slab that has ended names no slab.
    std::array<Entry, kWays> entries{};
    Link first{static_cast<Member*>(nullptr)};
    bool closed = false;  ///< the thread is ending: it gets no cache any more

    void on_thread_exit() noexcept { CacheRegistry::end_thread(*this); }
  };
  using Tables = typename Sync::template ThreadLocal<Table>;

  [[nodiscard]] static std::uint64_t new_slab_id() noexcept {
    Process& process = global();
    const LockGuard guard(process.mutex);
    return ++process.slab_ids.write();
  }

  /// Where this thread's cache of a slab stands if `slab_id` is that of the entry. A few
  /// instructions.
  [[nodiscard]] static const typename Table::Entry& entry_of(std::uint64_t slab_id) noexcept {
    return Tables::get().entries[slab_id % Table::kWays];
  }

  /// This thread's cache of a slab, or null, also where another slab has taken its entry.
  [[nodiscard]] static Member* find(std::uint64_t slab_id) noexcept {
    Table& table = Tables::get();
    Member* member = nullptr;
    {
      const LockGuard guard(global().mutex);
      member = table.first.read();
      while (member != nullptr && member->slab_id != slab_id) {
        member = member->next_of_thread.read();
      }
    }
    if (member != nullptr) remember(table, *member);
    return member;
  }

  /// Whether this thread may still have new caches.
  [[nodiscard]] static bool is_open() noexcept { return !Tables::get().closed; }

  /// Makes `member` this thread's cache of the slab. Requires `is_open()`.
  static void join(SlabMembers& slab, Member& member) noexcept {
    Table& table = Tables::get();
    Tables::arm();
    {
      const LockGuard guard(global().mutex);
      push(table.first, member, &Member::next_of_thread, &Member::at_thread);
      push(slab.first, member, &Member::next_of_slab, &Member::at_slab);
    }
    remember(table, member);
  }

  /// Ends every cache of a slab, which gives what they hold to the slab. Their threads may end
  /// meanwhile, but not use the slab.
  static void end_slab(SlabMembers& slab) noexcept {
    for (;;) {
      Member* member = nullptr;
      {
        const LockGuard guard(global().mutex);
        member = slab.first.read();
        if (member == nullptr) return;
        leave(*member);
      }
      member->release(member);
    }
  }

  /// In the child of a fork: takes the caches of all other threads, which are not there, away from
  /// a slab. They are never looked at again, since an operation on them may be half done. The lock
  /// is held.
  static void forget_other_threads(SlabMembers& slab) noexcept {
    Member* mine = Tables::get().first.read();
    while (mine != nullptr && mine->slab_id != slab.id) mine = mine->next_of_thread.read();
    slab.first.write() = mine;
    if (mine == nullptr) return;
    mine->at_slab.write() = &slab.first;
    mine->next_of_slab.write() = nullptr;
  }

  /// What the threads of a process share.
  struct Process {
    typename Sync::Mutex mutex;
    typename Sync::template Var<std::uint64_t> slab_ids{std::uint64_t{0}};
  };
  using Processes = typename Sync::template Global<Process>;

 private:
  static Process& global() noexcept { return Processes::get(); }

  static void remember(Table& table, Member& member) noexcept {
    table.entries[member.slab_id % Table::kWays] = {member.slab_id, &member};
  }

  /// Ends every cache of a thread. A cache is emptied under the lock, so that its slab cannot end
  /// in between; memory goes back after it.
  static void end_thread(Table& table) noexcept {
    table.closed = true;
    table.entries = {};
    for (;;) {
      Member* member = nullptr;
      {
        const LockGuard guard(global().mutex);
        member = table.first.read();
        if (member == nullptr) return;
        leave(*member);
        member->empty(member);
      }
      member->release(member);
    }
  }

  // The lock is held in these.

  template <class Next, class At>
  static void push(Link& list, Member& member, Next next, At at) noexcept {
    Member* const second = list.read();
    (member.*next).write() = second;
    (member.*at).write() = &list;
    if (second != nullptr) (second->*at).write() = &(member.*next);
    list.write() = &member;
  }

  template <class Next, class At>
  static void unlink(Member& member, Next next, At at) noexcept {
    Member* const second = (member.*next).read();
    Link* const place = (member.*at).read();
    place->write() = second;
    if (second != nullptr) (second->*at).write() = place;
  }

  static void leave(Member& member) noexcept {
    unlink(member, &Member::next_of_thread, &Member::at_thread);
    unlink(member, &Member::next_of_slab, &Member::at_slab);
  }
};

}  // namespace slabproof

#endif  // SLABPROOF_CACHE_REGISTRY_H_
