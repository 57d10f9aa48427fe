#ifndef SLABPROOF_MODEL_RUNTIME_FIBER_H_
#define SLABPROOF_MODEL_RUNTIME_FIBER_H_

#include <cxxabi.h>
#include <setjmp.h>

#include <cstddef>
#include <memory>

#include "model/runtime/fiber_stack.h"

namespace slabproof::model {

/// What the C++ runtime knows of the exceptions of one thread of the operating system: the layout
/// of
/// `__cxa_eh_globals` in the Itanium C++ ABI.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

/// A stack of its own, and where it stands. A fiber that was abandoned in the middle of something
/// can be rewound to where it stood before its first use, which costs no system call.
///
/// Each fiber has exceptions of its own: one may throw while another handles an exception.
class Fiber {
 public:
  using Entry = void (*)(void* argument);

  /// Without `make`, the fiber that the thread of the operating system runs already.
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Gives it a stack, on which its first use calls `entry`, which must not return. It must stay
  /// where it is from then on.
  void make(Entry entry, void* argument);
  /// Its next use calls `entry` again. Nothing on its stack is destroyed.
  void rewind() noexcept;

  /// The end of its stack.
  [[nodiscard]] std::byte* stack_end() const noexcept {
    return stack_->data() + FiberStack::kBytes;
  }

  /// From here on, the fibers run on the calling thread of the operating system.
  static void run_here() noexcept {
    present_ = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  }
  /// Leaves `previous`, which runs, for `next`; comes back when something switches to `previous`.
  static void switch_to(Fiber& next, Fiber& previous) noexcept {
    if (_setjmp(previous.position_) != 0) return;
    previous.exceptions_ = *present_;
    *present_ = next.exceptions_;  // which may be the same fiber
    _longjmp(next.position_, 1);
  }

 private:
  static void begin();

  static inline ExceptionState* present_ = nullptr;

  jmp_buf position_;
  jmp_buf beginning_;
  ExceptionState exceptions_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  std::unique_ptr<FiberStack> stack_;
};

}  // namespace slabproof::model

// What Relacy calls a fiber, and what it asks of one.
using fiber_t = slabproof::model::Fiber;
inline void create_main_fiber(fiber_t& /*fiber*/) {}
inline void delete_main_fiber(fiber_t& /*fiber*/) {}
inline void create_fiber(fiber_t& fiber, void (*entry)(void*), void* argument) {
  fiber.make(entry, argument);
}
inline void delete_fiber(fiber_t& /*fiber*/) {}
inline void switch_to_fiber(fiber_t& next, fiber_t& previous) {
  slabproof::model::Fiber::switch_to(next, previous);
}

#endif  // SLABPROOF_MODEL_RUNTIME_FIBER_H_
