#ifndef SLABPROOF_TESTS_SUPPORT_COUNTED_CONFIG_H_
#define SLABPROOF_TESTS_SUPPORT_COUNTED_CONFIG_H_

#include "slabproof/extendable_slab.h"
#include "tests/support/recording_sync.h"
#include "tests/support/scripted_backing.h"

namespace slabproof::testing {

/// A growable slab whose lock acquisitions and whose requests to the backing are counted, and whose
/// requests a test may refuse.
template <Recheck kScope>
struct CountedConfig : DefaultConfig {
  using Sync = RecordingSync;
  using Backing = ScriptedBacking;
  static constexpr Recheck recheck = kScope;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_COUNTED_CONFIG_H_
