#ifndef SLABPROOF_MODEL_SLAB_SLAB_SYNC_H_
#define SLABPROOF_MODEL_SLAB_SLAB_SYNC_H_

#include <string>

#include "model/runtime/describe.h"
#include "model/runtime/relacy_sync.h"

namespace slabproof::model {

/// What a trace shows of the slab's own records. Their types are private to the slab, which knows
/// nothing of traces, so a record is told by the members that are shown of it.
struct SlabDescriber {
  template <class T>
  static std::string text(const T& value) {
    if constexpr (requires { value.head, value.free(), value.carved, value.live; }) {
      return "head " + text(value.head) + ", free " + text(value.free()) + ", carved " +
             text(value.carved) + ", live " + text(value.live);
    } else if constexpr (requires { value.index, value.run; }) {
      return "segment " + text(value.index) + ": " + text(value.run);
    } else if constexpr (requires { value.size(), value.live(), value.stats(1).growers; }) {
      return "segments " + text(value.size()) + ", live " + text(value.live()) + ", growers " +
             text(value.stats(1).growers);
    } else if constexpr (requires { value.segment, value.bucket; }) {
      return "segment " + text(value.segment);
    } else if constexpr (requires { value.next, value.tag; }) {
      return "next " + text(value.next);
    } else if constexpr (requires { value.first, value.last; }) {
      return text(value.first) + " to " + text(value.last);
    } else if constexpr (requires { value.value; }) {
      return text(value.value);
    } else {
      return describe(value);
    }
  }

  /// Which chain of the directory a segment is in depends on its address. The chains are left out
  /// of what a search compares: where they are right, they decide nothing but time.
  template <class T>
  static void forget_places(T& value)
    requires requires { value.segment, value.first, value.first_index, value.next_index; }
  {
    value.first = nullptr;
    value.first_index = value.next_index = 0;
  }
  /// Nor does it decide anything else where a free looks first.
  template <class T>
  static void forget_places(T& value)
    requires requires { value.forget_recent(); }
  {
    value.forget_recent();
  }
};

/// The checked sync policy, for the slab and for what a program does with its blocks.
using SlabSync = BasicRelacySync<SlabDescriber>;

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SLAB_SYNC_H_
