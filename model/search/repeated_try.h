#ifndef SLABPROOF_MODEL_SEARCH_REPEATED_TRY_H_
#define SLABPROOF_MODEL_SEARCH_REPEATED_TRY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "model/search/local_state.h"

namespace slabproof::model {

/// Sees that a thread tries to lock the same mutex again and again and does nothing else: it waits
/// for the mutex.
class RepeatedTry {
 public:
  void forget() noexcept { mutex_ = nullptr; }
  /// The thread, whose stack ends at `stack_end`, is about to try, and knows `state`. True if all
  /// that the execution has done since it knew that before is that its try has failed. `progress`
  /// differs whenever the execution has done something.
  [[nodiscard]] bool reaches(const void* mutex, std::uint64_t progress, const LocalState& state,
                             const std::byte* stack_end) {
    if (state.stack == nullptr) return false;
    const auto size = static_cast<std::size_t>(stack_end - state.stack);
    if (mutex == mutex_ && progress == progress_ && state.stack == state_.stack &&
        state.registers == state_.registers && std::memcmp(stack_.data(), state.stack, size) == 0) {
      return true;
    }
    mutex_ = mutex;
    progress_ = 0;
    state_ = state;
    stack_.assign(state.stack, stack_end);
    return false;
  }
  /// The try has failed.
  void failed(std::uint64_t progress) noexcept { progress_ = progress; }

 private:
  const void* mutex_ = nullptr;
  std::uint64_t progress_ = 0;  // when it had failed
  LocalState state_;            // when it began
  std::vector<std::byte> stack_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_REPEATED_TRY_H_
