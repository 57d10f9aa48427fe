#ifndef SLABPROOF_SIPHASH_MAC_H_
#define SLABPROOF_SIPHASH_MAC_H_

#include <highwayhash/sip_hash.h>
#include <sys/random.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "slabproof/freelist_protection.h"

namespace slabproof {

/// A keyed 32-bit tag over (next, slot): SipHash-1-3 truncated (Aumasson and Bernstein, "SipHash: a
/// fast short-input PRF", 2012). A forged link verifies with probability 2^-32 for each try, and a
/// link moved to another slot, or taken from another slab, does not verify (property S9).
///
/// Each segment draws its own key from the kernel. The key lies in the segment's header: whoever
/// can read there can forge.
///
/// TRUSTED[kernel.random]: `getrandom` gives keys that an attacker cannot guess.
///
/// TRUSTED[compiler.siphash]: HighwayHash computes SipHash-1-3, and that is a pseudo-random
/// function. Shown by //tests/impl:siphash_mac_test.
class SipHashMac {
 public:
  /// What a link is sealed with: 32 bits of the SipHash of it.
  using Tag = std::uint32_t;
  /// 128 bits.
  using Key = std::array<std::uint64_t, 2>;
  /// It says nothing of whether a slot is free; see SlotStates.
  static constexpr bool tracks_slots = false;

  /// With that key. Of a test: a slab takes what `make` gives.
  explicit SipHashMac(Key key) noexcept : key_(key) {}

  /// A fresh random key. A kernel without `getrandom` is fatal: a key that can be guessed would
  /// void the protection without a sign of it.
  static SipHashMac make() noexcept {
    Key key;
    if (::getrandom(key.data(), sizeof(key), 0) != static_cast<ssize_t>(sizeof(key))) {
      std::fputs("slabproof: the kernel gave no random key for SipHashMac\n", stderr);
      std::abort();
    }
    return SipHashMac(key);
  }

  /// The tag of the link from slot number `slot` to slot number `next`. O(1).
  [[nodiscard]] Tag seal(std::uint32_t next, std::uint32_t slot) const noexcept {
    const highwayhash::SipHash13State::Key key = {key_[0], key_[1]};
    const auto message = std::bit_cast<std::array<char, 8>>(std::array{next, slot});
    return static_cast<Tag>(highwayhash::SipHash13(key, message.data(), message.size()));
  }
  /// Whether that is the tag of that link. One that is forged passes once in 2^32. O(1).
  [[nodiscard]] bool verify(std::uint32_t next, std::uint32_t slot, Tag tag) const noexcept {
    return seal(next, slot) == tag;
  }

 private:
  Key key_;
};

static_assert(FreelistProtection<SipHashMac> && FreelistProtection<SlotStates<SipHashMac>>);

}  // namespace slabproof

#endif  // SLABPROOF_SIPHASH_MAC_H_
