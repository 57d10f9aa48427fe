#ifndef SLABPROOF_REMOTE_LIST_H_
#define SLABPROOF_REMOTE_LIST_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "slabproof/block_chain.h"

namespace slabproof {

/// Free blocks on their way from many threads to one. A stack (Treiber, "Systems programming:
/// coping with parallelism", IBM RJ 5118, 1986) whose elements are never popped one by one: its
/// owner takes all of them at once. The links lie in the blocks, so it cannot be full.
///
/// INVARIANT[remote_list.word] All state is one word: null, the first block, or the mark of a
/// closed list, which it keeps for ever. Each change of it is one read-modify-write, so a block is
/// either in the list before the close, and taken by it, or its push sees the mark (properties R1
/// and R2).
///
/// No ABA (property R4): a push writes the word that it read into a link of its own chain and
/// compares for that word. It has concluded nothing else from it, so a block that left and came
/// back meanwhile makes the link no less right. Nobody reads a link before it owns the block.
///
/// Thread safety: `push` from any thread; `take_all` and `close` from one thread, the owner.
template <class Sync>
class RemoteList {
 public:
  enum class Push : std::uint8_t {
    kOntoEmpty,   ///< in the list; the owner has taken all that came before
    kOntoOthers,  ///< in the list, before blocks that the owner has not taken yet
    kClosed,      ///< not in the list; the chain keeps its blocks
  };

  RemoteList() = default;
  RemoteList(const RemoteList&) = delete;
  RemoteList& operator=(const RemoteList&) = delete;

  /// Puts all blocks of a chain, which is not empty, into the list with one atomic operation, and
  /// empties the chain. Lock-free: it tries again only where another push, a take or the close
  /// came in between, or the machine let a weak exchange fail (property R3).
  [[nodiscard]] Push push(BlockChain<Sync>& chain) noexcept {
    // ORDER[remote_list.guess] relaxed: what is read is a guess that the exchange verifies, or the
    // closed mark, which is final and publishes nothing.
    std::byte* head = head_.load(std::memory_order::relaxed);
    while (head != closed_mark()) {
      chain.lead_to(head);
      // ORDER[remote_list.blocks] release, relaxed on failure: pairs with the acquire of take_all
      // and close, also through later pushes, which continue its release sequence; publishes the
      // chain's links and the last accesses to its blocks; weakening it fails
      // SlabOwnerChecked.PushThatDoesNotReleaseIsARace.
      if (head_.compare_exchange_weak(head, chain.first(), std::memory_order::release,
                                      std::memory_order::relaxed)) {
        chain.hand_over();
        return head == nullptr ? Push::kOntoEmpty : Push::kOntoOthers;
      }
    }
    return Push::kClosed;
  }

  /// Takes all blocks: the first, whose links lead to the others and at last to null. Null where
  /// there are none, or the list is closed. Wait-free.
  [[nodiscard]] std::byte* take_all() noexcept {
    // ORDER[remote_list.look] relaxed: only whether the exchange, which takes the cache line from
    // the pushers, is worth while. A push that happens before this call is seen.
    std::byte* const head = head_.load(std::memory_order::relaxed);
    if (head == nullptr || head == closed_mark()) return nullptr;
    // ORDER[remote_list.blocks] acquire: pairs with the release of each push since the last take;
    // weakening it fails SlabOwnerChecked.TakeThatDoesNotAcquireIsARace.
    return head_.exchange(nullptr, std::memory_order::acquire);
  }

  /// As `take_all`, for the last time: no push succeeds afterwards.
  [[nodiscard]] std::byte* close() noexcept {
    // ORDER[remote_list.blocks] acquire: as in take_all; weakening it fails
    // SlabOwnerChecked.CloseThatDoesNotAcquireIsARace.
    std::byte* const head = head_.exchange(closed_mark(), std::memory_order::acquire);
    return head == closed_mark() ? nullptr : head;
  }

 private:
  /// An address that no block has, since this object is there.
  [[nodiscard]] std::byte* closed_mark() noexcept { return reinterpret_cast<std::byte*>(this); }

  typename Sync::template Atomic<std::byte*> head_{nullptr};
};

}  // namespace slabproof

#endif  // SLABPROOF_REMOTE_LIST_H_
