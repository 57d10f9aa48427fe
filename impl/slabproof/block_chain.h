#ifndef SLABPROOF_BLOCK_CHAIN_H_
#define SLABPROOF_BLOCK_CHAIN_H_

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/language.h"

namespace slabproof {

/// The link from one free block to the next, in the first bytes of the block: a `Sync::Var` that
/// lives from `begin` to `end`, so that a checker sees who owns the memory.
template <class Sync>
struct BlockLink {
  using Variable = typename Sync::template Var<std::byte*>;

  static void begin(std::byte* block, std::byte* next) noexcept {
    std::construct_at(reinterpret_cast<Variable*>(block), next);
  }
  static void set(std::byte* block, std::byte* next) noexcept { at(block)->write() = next; }
  /// Ends the link of `block`; the result is the block that it led to.
  [[nodiscard]] static std::byte* end(std::byte* block) noexcept {
    Variable* const variable = at(block);
    std::byte* const next = variable->read();
    std::destroy_at(variable);
    return next;
  }

 private:
  static Variable* at(std::byte* block) noexcept {
    return std::launder(reinterpret_cast<Variable*>(block));
  }
};

/// Free blocks linked through themselves, the newest first: no memory beside the blocks, so there
/// is always room for one more. All operations are O(1).
///
/// Each block is at least as large and as aligned as `BlockLink::Variable`. The chain owns its
/// blocks and must be empty when it is destroyed. Thread safety: none.
template <class Sync>
class BlockChain {
  using Link = BlockLink<Sync>;

 public:
  BlockChain() = default;
  BlockChain(BlockChain&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)),
        last_(std::exchange(other.last_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  BlockChain& operator=(BlockChain&&) = delete;

  [[nodiscard]] std::byte* first() const noexcept { return first_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push(std::byte* block) noexcept {
    Link::begin(block, first_);
    first_ = block;
    if (size_++ == 0) last_ = block;
  }

  /// The newest block; null if the chain is empty. What the last link holds is not looked at.
  [[nodiscard]] std::byte* pop() noexcept {
    if (size_ == 0) return nullptr;
    std::byte* const block = first_;
    std::byte* const next = Link::end(block);
    first_ = --size_ == 0 ? nullptr : next;
    return block;
  }

  /// Lets the last link lead to `next`, which stays no part of this chain. Requires size() > 0.
  void lead_to(std::byte* next) noexcept { Link::set(last_, next); }

  /// Leaves the blocks and their links to whoever got `first()`.
  void hand_over() noexcept {
    first_ = nullptr;
    size_ = 0;
  }

 private:
  std::byte* first_ = nullptr;
  std::byte* last_ = nullptr;  ///< has no meaning while the chain is empty
  std::size_t size_ = 0;
};

}  // namespace slabproof

#endif  // SLABPROOF_BLOCK_CHAIN_H_
