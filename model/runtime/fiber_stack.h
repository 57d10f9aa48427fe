#ifndef SLABPROOF_MODEL_RUNTIME_FIBER_STACK_H_
#define SLABPROOF_MODEL_RUNTIME_FIBER_STACK_H_

#include <cstddef>

namespace slabproof::model {

/// The stack of a fiber. Below it lies a guard that no access is allowed to, large enough that a
/// function with big local variables does not step over it. Pages cost nothing before their first
/// use. Not thread safe.
class FiberStack {
 public:
  static constexpr std::size_t kBytes = std::size_t{320} << 10;
  static constexpr std::size_t kGuardBytes = std::size_t{8} << 20;

  FiberStack();
  ~FiberStack();
  FiberStack(const FiberStack&) = delete;
  FiberStack& operator=(const FiberStack&) = delete;

  /// The lowest byte.
  [[nodiscard]] std::byte* data() const noexcept { return guard_ + kGuardBytes; }

  /// Whether it lies in the guard of any stack. Safe in a signal handler.
  [[nodiscard]] static bool is_guard(const void* address) noexcept;

 private:
  static FiberStack* newest_;

  std::byte* guard_;
  FiberStack* older_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_FIBER_STACK_H_
