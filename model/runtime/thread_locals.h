#ifndef SLABPROOF_MODEL_RUNTIME_THREAD_LOCALS_H_
#define SLABPROOF_MODEL_RUNTIME_THREAD_LOCALS_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace slabproof::model {

/// Notices whether a thread_local variable of the main program has changed.
///
/// TRUSTED[relacy.thread_local]: the threads of the model share one thread of the operating system,
/// and with it every thread_local variable, `errno` and `std::this_thread::get_id()`. An execution
/// that leaves a thread_local of the program other than it was is refused; not noticed are those of
/// shared libraries, and one that is put back before the execution ends. Shown by
/// //tests/checker:state_between_executions_test
/// StateBetweenExecutions.ThreadLocalThatChangesIsRefused,
/// StateBetweenExecutions.ThreadLocalThatIsPutBackIsNotNoticed.
class ThreadLocals {
 public:
  /// What is wrong if they have.
  static constexpr std::string_view kChanged =
      "a thread_local variable was changed: the threads of the model share one thread of the "
      "operating system, and every thread_local with it; keep such state in the Execution";

  /// Those of the calling thread of the operating system, which alone may use this.
  ThreadLocals();

  void remember() noexcept;
  /// Since `remember` was called last.
  [[nodiscard]] bool have_changed() const noexcept;

 private:
  std::span<const std::byte> present_;  // empty where the program has none
  std::vector<std::byte> remembered_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_THREAD_LOCALS_H_
