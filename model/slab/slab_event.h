#ifndef SLABPROOF_MODEL_SLAB_SLAB_EVENT_H_
#define SLABPROOF_MODEL_SLAB_SLAB_EVENT_H_

#include <cstdint>
#include <string_view>

#include "model/search/trace.h"

namespace slabproof::model {

/// What an event of a trace means for the slab: the kind of its annotation.
enum class SlabEvent : std::uint8_t {
  kNone,
  kOperation,  ///< an operation of the program begins; the value of the event says which
  // The block at the address of the annotation changes owners.
  kHandOut,   ///< from the slab to the thread
  kTakeBack,  ///< from the thread to the slab
  kGiveAway,  ///< from the thread to one that has yet to receive it
  kReceive,
  kSection,  ///< a thread has taken the slab's mutex: the event is that lock
};

/// How a trace calls it; empty where the checker has made the event, and named it.
[[nodiscard]] constexpr std::string_view to_text(SlabEvent event) noexcept {
  switch (event) {
    case SlabEvent::kNone:
    case SlabEvent::kSection:
      break;
    case SlabEvent::kOperation:
      return "operation";
    case SlabEvent::kHandOut:
      return "hand out";
    case SlabEvent::kTakeBack:
      return "take back";
    case SlabEvent::kGiveAway:
      return "give away";
    case SlabEvent::kReceive:
      return "receive";
  }
  return "";
}

[[nodiscard]] inline SlabEvent slab_event(const TraceEvent& event) noexcept {
  return static_cast<SlabEvent>(event.annotation.kind);
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SLAB_EVENT_H_
