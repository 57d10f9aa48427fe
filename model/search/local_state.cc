#include "model/search/local_state.h"

#include <cstddef>

extern "C" {

[[gnu::visibility("hidden")]] constinit slabproof::model::LocalState slabproof_local_state;

static_assert(offsetof(slabproof::model::LocalState, registers) == 0 &&
              offsetof(slabproof::model::LocalState, stack) == 48);

#ifdef __x86_64__
// Which registers a call keeps: System V application binary interface, AMD64 supplement,
// figure 3.4.
[[gnu::naked]] void slabproof_note_local_state() noexcept {
  asm("movq %rbx, slabproof_local_state(%rip)\n\t"
      "movq %rbp, 8+slabproof_local_state(%rip)\n\t"
      "movq %r12, 16+slabproof_local_state(%rip)\n\t"
      "movq %r13, 24+slabproof_local_state(%rip)\n\t"
      "movq %r14, 32+slabproof_local_state(%rip)\n\t"
      "movq %r15, 40+slabproof_local_state(%rip)\n\t"
      "movq %rsp, 48+slabproof_local_state(%rip)\n\t"
      "ret");
}
#else
// Without it no wait is recognised, and each is unrolled up to the limit on events.
void slabproof_note_local_state() noexcept {}
#endif
}

slabproof::model::LocalState& slabproof::model::local_state() noexcept {
  return slabproof_local_state;
}
