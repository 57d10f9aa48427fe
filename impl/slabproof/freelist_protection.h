#ifndef SLABPROOF_FREELIST_PROTECTION_H_
#define SLABPROOF_FREELIST_PROTECTION_H_

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "slabproof/language.h"

namespace slabproof {

/// Guards the freelist links, which lie in the free slots themselves, where a dangling pointer can
/// overwrite them (property S9).
///
/// `seal` makes the tag that is stored beside a link: `next` is the link (1-based; 0 ends the
/// list) and `slot` is the slot that holds it, so that a link copied to another slot does not
/// verify. `verify` says whether a stored tag is the one that `seal` made. `tracks_slots` asks the
/// slab to keep one bit a slot beside the slots. Every operation runs under the slab's lock and
/// must not throw.
template <class P>
concept FreelistProtection =
    std::is_nothrow_move_constructible_v<P> && std::is_nothrow_destructible_v<P> &&
    std::is_trivially_copyable_v<typename P::Tag> &&
    requires(const P protection, std::uint32_t next, std::uint32_t slot, typename P::Tag tag) {
      { P::tracks_slots } -> std::convertible_to<bool>;
      { P::make() } noexcept -> std::same_as<P>;
      { protection.seal(next, slot) } noexcept -> std::same_as<typename P::Tag>;
      { protection.verify(next, slot, tag) } noexcept -> std::same_as<bool>;
    };

/// Trusts every link that names a slot of the segment.
struct NoProtection {
  struct Tag {};
  /// Whether each slot has a state of its own.
  static constexpr bool tracks_slots = false;

  /// A protection for one segment.
  static NoProtection make() noexcept { return {}; }
  /// The tag that a link to `next` in `slot` is stored with.
  Tag seal(std::uint32_t /*next*/, std::uint32_t /*slot*/) const noexcept { return {}; }
  /// Whether a link is as it was sealed.
  bool verify(std::uint32_t /*next*/, std::uint32_t /*slot*/, Tag /*tag*/) const noexcept {
    return true;
  }
};

/// One bit a slot, live or not, kept beside the slots: a second free is counted and changes
/// nothing (property S10), and a link to a live slot is not followed. From the beginning of a
/// `destroy` the slot of its object is marked as not live, so another one is refused (property
/// S13). `Inner` may guard the links as well.
template <FreelistProtection Inner = NoProtection>
struct SlotStates : Inner {
  /// Whether each slot has a state of its own.
  static constexpr bool tracks_slots = true;

  /// A protection for one segment.
  static SlotStates make() noexcept { return SlotStates{Inner::make()}; }
};

static_assert(FreelistProtection<NoProtection> && FreelistProtection<SlotStates<>>);

}  // namespace slabproof

#endif  // SLABPROOF_FREELIST_PROTECTION_H_
