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

/// Whether local states are known on this machine, and `slabproof_call_apart` can be called.
#ifdef __x86_64__
inline constexpr bool kKnowsLocalStates = true;
#else
inline constexpr bool kKnowsLocalStates = false;
#endif

}  // namespace slabproof::model

/// While it is set, noting a local state also clears the stack below it: what earlier calls have
/// left there has no meaning, but would be seen where a later frame does not write to all of
/// itself.
extern "C" [[gnu::visibility("hidden")]] constinit bool slabproof_clears_stack;

/// To be called from the frame of the program, right before it asks for something that may be a
/// round of a wait: what lies on the stack below has no meaning then.
extern "C" void slabproof_note_local_state() noexcept;

/// Calls `body(argument)` so that nothing of the caller is in its local state: with the registers
/// that a call keeps set to 0, on a cleared part of the stack, from `*base` down. That is aligned
/// alike in every thread, to 64 KiB: compilers leave addresses of which the two lowest bytes were
/// written over in parts of the stack that mean nothing, and so these are alike too. The word at
/// `*base` says where the caller's part begins. `body` must not throw.
extern "C" void slabproof_call_apart(void (*body)(void*), void* argument,
                                     const std::byte** base) noexcept;

#endif  // SLABPROOF_MODEL_SEARCH_LOCAL_STATE_H_
