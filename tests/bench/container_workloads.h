#ifndef SLABPROOF_TESTS_BENCH_CONTAINER_WORKLOADS_H_
#define SLABPROOF_TESTS_BENCH_CONTAINER_WORKLOADS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "tests/bench/contender.h"
#include "tests/bench/sample.h"
#include "tests/bench/thread_team.h"

// Containers of the standard library whose nodes a contender supplies. An item is an element that
// is added and removed.

namespace slabproof::bench {

/// The bytes of a node of a `std::list` or `std::unordered_map`, and of a `std::map`, of the
/// elements below.
inline constexpr std::size_t kSmallNode = 24;
inline constexpr std::size_t kTreeNode = 48;

/// An allocator of the standard library's kind. The array of a hash table comes from the global
/// operator new, whoever supplies the nodes.
template <class T, Contender C>
class NodeAllocator {
 public:
  using value_type = T;

  explicit NodeAllocator(typename C::Thread& thread) noexcept : thread_(&thread) {}
  template <class U>
  explicit(false) NodeAllocator(const NodeAllocator<U, C>& other) noexcept
      : thread_(other.thread()) {}
  template <class U>
  struct rebind {
    using other = NodeAllocator<U, C>;
  };

  [[nodiscard]] T* allocate(std::size_t count) {
    if constexpr (std::is_pointer_v<T>) {
      return static_cast<T*>(::operator new(count * sizeof(T)));
    } else {
      static_assert(sizeof(T) <= C::kBytes);
      return static_cast<T*>(thread_->allocate());
    }
  }
  void deallocate(T* object, std::size_t) noexcept {
    if constexpr (std::is_pointer_v<T>) {
      ::operator delete(object);
    } else {
      // Who checks blocks must know that their contents were the container's.
      if constexpr (requires { thread_->unstamp(object); }) thread_->unstamp(object);
      thread_->deallocate(object);
    }
  }

  [[nodiscard]] typename C::Thread* thread() const noexcept { return thread_; }
  template <class U>
  [[nodiscard]] bool operator==(const NodeAllocator<U, C>& other) const noexcept {
    return thread_ == other.thread();
  }

 private:
  typename C::Thread* thread_;
};

inline constexpr std::size_t kElements = 10'000;

/// As many elements as containers get in a round.
inline std::size_t elements(const Scale& scale) noexcept {
  return std::min(kElements, scale.live);
}

/// The keys 0 to `count` - 1 in an order that jumps about: `count` is not a multiple of the prime.
inline std::uint64_t jumping_key(std::size_t i, std::size_t count) noexcept {
  constexpr std::size_t kPrime = 7919;
  return i * kPrime % count;
}

/// A round that calls `use(thread, sum)`, which adds up what it reads of `count` elements.
template <Contender C, class Use>
Round container(std::size_t count, Use use) {
  const auto contender = std::make_shared<C>(count);
  return [contender, count, use] {
    std::uint64_t sum = 0;
    const double seconds = run_threads(
        *contender, 1, [&](typename C::Thread& thread, unsigned) { use(thread, count, sum); });
    return Sample{.seconds = seconds, .items = count, .intact = sum == count * (count - 1) / 2};
  };
}

template <Contender C>
Round list(const Scale& scale) {
  return container<C>(elements(scale), [](auto& thread, std::size_t count, std::uint64_t& sum) {
    using Allocator = NodeAllocator<std::uint64_t, C>;
    std::list<std::uint64_t, Allocator> values{Allocator(thread)};
    for (std::size_t i = 0; i < count; ++i) values.push_back(i);
    while (!values.empty()) {
      sum += values.front();
      values.pop_front();
    }
  });
}

/// `Map` is a `std::map` or a `std::unordered_map`.
template <class Map>
void use_map(Map& map, std::size_t count, std::uint64_t& sum) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t key = jumping_key(i, count);
    map.emplace(key, key);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = map.find(i);
    sum += place->second;
    map.erase(place);
  }
}

template <Contender C>
Round tree_map(const Scale& scale) {
  return container<C>(elements(scale), [](auto& thread, std::size_t count, std::uint64_t& sum) {
    using Key = std::uint64_t;
    using Allocator = NodeAllocator<std::pair<const Key, Key>, C>;
    std::map<Key, Key, std::less<Key>, Allocator> map{Allocator(thread)};
    use_map(map, count, sum);
  });
}

template <Contender C>
Round hash_map(const Scale& scale) {
  return container<C>(elements(scale), [](auto& thread, std::size_t count, std::uint64_t& sum) {
    using Key = std::uint64_t;
    using Allocator = NodeAllocator<std::pair<const Key, Key>, C>;
    std::unordered_map<Key, Key, std::hash<Key>, std::equal_to<Key>, Allocator> map{
        Allocator(thread)};
    map.reserve(count);
    use_map(map, count, sum);
  });
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_CONTAINER_WORKLOADS_H_
