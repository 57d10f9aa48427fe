#ifndef SLABPROOF_MODEL_SEARCH_LOCAL_STATE_H_
#define SLABPROOF_MODEL_SEARCH_LOCAL_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace slabproof::model {

/// What a thread knows where it asks something of the checker: the registers that a call keeps, and
/// its stack from `stack` up. Frames of the checker are not part of it.
struct LocalState {
  static constexpr std::size_t kRegisters = 6;

  std::array<std::uint64_t, kRegisters> registers{};
  const std::byte* stack = nullptr;  ///< null where it is not known
};

/// As it was when the program called `slabproof_note_local_state` last.
[[nodiscard]] LocalState& local_state() noexcept;

}  // namespace slabproof::model

/// To be called from the frame of the program, right before it asks for something that may be a
/// round of a wait: what lies on the stack below has no meaning then.
extern "C" void slabproof_note_local_state() noexcept;

#endif  // SLABPROOF_MODEL_SEARCH_LOCAL_STATE_H_
