#ifndef SLABPROOF_FUZZ_SLAB_KEYED_KINDS_H_
#define SLABPROOF_FUZZ_SLAB_KEYED_KINDS_H_

#include <cstdint>
#include <type_traits>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/random.h"
#include "model/slab/slab_adapter.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/recheck.h"
#include "slabproof/siphash_mac.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"

namespace slabproof::fuzz {

/// Where the keys of `SipHashMac` come from, one for each segment. Seeded from the input: runs
/// repeat, yet a fuzzer that sees a tag in one input has learnt nothing for the next.
inline Random key_source(0);

/// Makes `key_source` depend on every byte of the input (by FNV-1a), and the environment new.
inline void begin_input(Bytes input) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 0x100000001b3;
  key_source = Random(hash);
  testing::new_environment();
}

inline SipHashMac::Key next_key() noexcept {
  const std::uint64_t first = key_source.next();
  return {first, key_source.next()};
}

/// Every protection, with a key from `key_source` where it has one.
template <class Protection>
Protection keyed_protection() noexcept {
  if constexpr (std::is_same_v<Protection, SipHashMac>) {
    return SipHashMac(next_key());
  } else if constexpr (std::is_same_v<Protection, SlotStates<SipHashMac>>) {
    return SlotStates<SipHashMac>{SipHashMac(next_key())};
  } else {
    return Protection::make();
  }
}

template <class T, class Memory, class Protection, Recheck kRecheck = Recheck::kAllSegments>
using KeyedGrowable =
    model::GrowableSlabAdapter<T, testing::ObservedConfig<kRecheck, Memory, Protection>,
                               &keyed_protection<Protection>>;

template <class T, class Memory, class Protection>
using KeyedFixed =
    model::FixedSlabAdapter<T, testing::ObservedConfig<Recheck::kAllSegments, Memory, Protection>,
                            &keyed_protection<Protection>>;

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_KEYED_KINDS_H_
