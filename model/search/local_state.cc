#include "model/search/local_state.h"

#include <cstddef>
#include <cstdlib>

extern "C" {

constinit bool slabproof_clears_stack = false;

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
      "cmpb $0, slabproof_clears_stack(%rip)\n\t"
      "je 1f\n\t"
      "leaq -2048(%rsp), %rdi\n\t"
      "movl $256, %ecx\n\t"
      "xorl %eax, %eax\n\t"
      "rep stosq\n\t"
      "1: ret");
}

[[gnu::naked]] void slabproof_call_apart(void (* /*body*/)(void*), void* /*argument*/,
                                         const std::byte** /*base*/) noexcept {
  asm("pushq %rbx\n\t"
      "pushq %rbp\n\t"
      "pushq %r12\n\t"
      "pushq %r13\n\t"
      "pushq %r14\n\t"
      "pushq %r15\n\t"
      "movq %rsp, %rax\n\t"
      "andq $-65536, %rsp\n\t"
      "subq $16, %rsp\n\t"
      "movq %rax, (%rsp)\n\t"
      "movq %rsp, (%rdx)\n\t"
      "movq %rdi, %r10\n\t"
      "leaq -4096(%rsp), %rdi\n\t"
      "movl $512, %ecx\n\t"
      "xorl %eax, %eax\n\t"
      "rep stosq\n\t"
      "movq %rsi, %rdi\n\t"
      "xorl %ebx, %ebx\n\t"
      "xorl %ebp, %ebp\n\t"
      "xorl %r12d, %r12d\n\t"
      "xorl %r13d, %r13d\n\t"
      "xorl %r14d, %r14d\n\t"
      "xorl %r15d, %r15d\n\t"
      "call *%r10\n\t"
      "movq (%rsp), %rsp\n\t"
      "popq %r15\n\t"
      "popq %r14\n\t"
      "popq %r13\n\t"
      "popq %r12\n\t"
      "popq %rbp\n\t"
      "popq %rbx\n\t"
      "ret");
}
#else
// Without it no wait is recognised, and each is unrolled up to the limit on events.
void slabproof_note_local_state() noexcept {}
void slabproof_call_apart(void (* /*body*/)(void*), void* /*argument*/,
                          const std::byte** /*base*/) noexcept {
  std::abort();
}
#endif
}

slabproof::model::LocalState& slabproof::model::local_state() noexcept {
  return slabproof_local_state;
}
