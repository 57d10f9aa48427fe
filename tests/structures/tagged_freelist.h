#ifndef SLABPROOF_TESTS_STRUCTURES_TAGGED_FREELIST_H_
#define SLABPROOF_TESTS_STRUCTURES_TAGGED_FREELIST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct TaggedFreelistOrders {
  enum class Tag : std::uint8_t {
    kCounts,  ///< one more at each change of the head
    kNone,
    kOfTake,      ///< a node that comes back brings the tag that it was taken with
    kOfFirstTry,  ///< a node that comes back gets the tag for it that its first try would have set
  };
  Tag tag = Tag::kCounts;
  Order give = release;
  Order look = acquire;
  bool backs_off = false;  ///< pauses when an exchange has failed
};

/// A freelist of nodes 1, 2 and 3, in which a take reads a link that may be gone by then: the tag
/// of the head is what tells (IBM System/370 Principles of Operation, appendix A, 1983).
template <class S>
class TaggedFreelist {
 public:
  using Sync = S;
  using Orders = TaggedFreelistOrders;
  static constexpr std::size_t kNodes = 3;

  explicit TaggedFreelist(const Orders& orders) : orders_(orders) {}

  /// The head as it was: its node is taken. A node 0: there is none.
  Tagged take() {
    std::uint32_t head = head_.load(orders_.look);
    for (;;) {
      const Tagged taken = Tagged::from(head);
      if (taken.index == 0) return taken;
      const auto next = static_cast<std::uint16_t>(next_[taken.index].load(relaxed));
      if (head_.compare_exchange_strong(head, after(taken, next), orders_.look, orders_.look)) {
        return taken;
      }
      if (orders_.backs_off) S::pause();
    }
  }

  void give(Tagged node) {
    std::uint32_t head = head_.load(relaxed);
    const std::uint32_t of_first_try = after(Tagged::from(head), node.index);
    for (;;) {
      next_[node.index].store(Tagged::from(head).index, relaxed);
      std::uint32_t desired = after(Tagged::from(head), node.index);
      if (orders_.tag == Orders::Tag::kOfTake) desired = node.word();
      if (orders_.tag == Orders::Tag::kOfFirstTry) desired = of_first_try;
      if (head_.compare_exchange_strong(head, desired, orders_.give, relaxed)) return;
      if (orders_.backs_off) S::pause();
    }
  }

 private:
  using Atomic = S::template Atomic<std::uint32_t>;

  [[nodiscard]] std::uint32_t after(Tagged head, std::uint16_t index) const {
    return orders_.tag == Orders::Tag::kNone ? index : head.next(index).word();
  }

  Orders orders_;
  Atomic head_{1};
  std::array<Atomic, kNodes + 1> next_{Atomic{0}, Atomic{2}, Atomic{3}, Atomic{0}};
};

/// Threads that take nodes, write to what they hold, and give nodes back.
template <class Freelist>
class FreelistClient {
 public:
  struct Config {
    std::size_t threads = 2;
    /// For each thread: `-` take, `+` give back what it has held the longest.
    std::array<std::string_view, 3> scripts;
    Freelist::Orders orders{};
  };

  explicit FreelistClient(const Config& config) : config_(config), freelist_(config.orders) {}

  void run(std::size_t thread) {
    Held& held = held_[thread];
    for (const char operation : config_.scripts[thread]) {
      if (operation == '-') {
        const Tagged node = freelist_.take();
        if (node.index == 0) continue;
        contents_[node.index].write() = thread;
        held.nodes[held.end++] = node;
      } else if (held.begin != held.end) {
        freelist_.give(held.nodes[held.begin++]);
      }
    }
  }

  const char* complaint() {
    std::array<unsigned, Freelist::kNodes + 1> seen{};
    for (const Held& held : held_) {
      for (std::size_t i = held.begin; i != held.end; ++i) ++seen[held.nodes[i].index];
    }
    for (std::size_t i = 0; i < Freelist::kNodes; ++i) ++seen[freelist_.take().index];
    for (std::size_t node = 1; node <= Freelist::kNodes; ++node) {
      if (seen[node] != 1) return "a node is held and free, held twice, or lost";
    }
    return nullptr;
  }

 private:
  struct Held {
    std::array<Tagged, 4> nodes{};
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  using Var = Freelist::Sync::template Var<std::size_t>;

  Config config_;
  Freelist freelist_;
  std::array<Held, 3> held_{};
  std::array<Var, Freelist::kNodes + 1> contents_ =
      array_of<Var, Freelist::kNodes + 1>(std::size_t{0});
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TAGGED_FREELIST_H_
