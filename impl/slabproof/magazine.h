#ifndef SLABPROOF_MAGAZINE_H_
#define SLABPROOF_MAGAZINE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "slabproof/language.h"

namespace slabproof {

/// How many blocks a magazine holds: as many as the configuration allows by count and by bytes, for
/// the two magazines of a cache together, and at least one.
template <class Config>
[[nodiscard]] constexpr std::uint32_t magazine_rounds(std::size_t stride) noexcept {
  static_assert(Config::magazine_rounds > 0, "slabproof: a magazine must hold a block or more");
  const std::size_t by_bytes = std::max<std::size_t>(Config::cache_bytes / 2 / stride, 1);
  return static_cast<std::uint32_t>(std::min<std::size_t>(by_bytes, Config::magazine_rounds));
}

/// An array of free blocks that moves as a whole between a thread's cache and the depot (Bonwick
/// and Adams, "Magazines and Vmem: extending the slab allocator to many CPUs and arbitrary
/// resources", USENIX 2001). It names blocks instead of linking them, so a block that nobody uses
/// is not touched.
///
/// Whoever holds a magazine owns it: a cache, or the depot under its lock.
template <class Sync, std::uint32_t kRounds>
class Magazine {
 public:
  using Round = typename Sync::template Var<std::byte*>;

  Magazine() noexcept {
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      std::construct_at(begin() + i, static_cast<std::byte*>(nullptr));
    }
  }
  ~Magazine() { std::destroy_n(begin(), kRounds); }
  Magazine(const Magazine&) = delete;
  Magazine& operator=(const Magazine&) = delete;

  [[nodiscard]] Round* begin() noexcept { return reinterpret_cast<Round*>(rounds_); }
  [[nodiscard]] Round* end() noexcept { return begin() + kRounds; }

  /// The next magazine of the depot's reserve.
  typename Sync::template Var<Magazine*> next{static_cast<Magazine*>(nullptr)};

 private:
  alignas(Round) std::byte rounds_[kRounds * sizeof(Round)];
};

}  // namespace slabproof

#endif  // SLABPROOF_MAGAZINE_H_
