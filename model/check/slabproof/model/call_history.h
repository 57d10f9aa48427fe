#ifndef SLABPROOF_MODEL_CALL_HISTORY_H_
#define SLABPROOF_MODEL_CALL_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "model/search/limits.h"

namespace slabproof::model {

/// The calls of one object in one execution, and which of them happened before which.
class CallHistory {
 public:
  /// Calls that a history holds at most.
  static constexpr std::size_t kMaxCalls = 64;

  /// The running thread begins a call, or what runs alone before or after the threads does; the
  /// result is its number. Ends the execution, as one that is
  /// not judged, at call number `kMaxCalls`.
  std::size_t begin(std::string_view name, std::source_location where);
  /// That call returns.
  void end(std::size_t number, std::string result);

  /// Calls so far.
  [[nodiscard]] std::size_t size() const noexcept { return calls_.size(); }
  /// Whether a thread of the program has made one.
  [[nodiscard]] bool has_calls_of_threads() const noexcept;
  /// Sets of calls are bits: 1 << number.
  [[nodiscard]] bool are_all(std::uint64_t made) const noexcept;
  /// Whether the call has not been made, and all have that must come before it.
  [[nodiscard]] bool may_come_next(std::size_t number, std::uint64_t made) const noexcept;

  /// Ends the execution: no order explains the results.
  [[noreturn]] void report(std::source_location where) const;
  /// Ends the execution, which is not judged, where a call has not returned: an exception left it.
  void require_returned(std::source_location where) const;
  /// Ends the execution, which is not judged: nobody has looked at its calls.
  [[noreturn]] static void report_unchecked(std::source_location where);

 private:
  struct Call {
    std::string name;
    std::string result;
    std::size_t actor;         ///< as `checker_hooks::running` says it
    std::size_t clock;         ///< number of its thread in clocks
    std::uint64_t before = 0;  ///< calls that come before it
    bool has_returned = false;
    std::uint32_t end = 0;  ///< when it returned, by its thread's own clock
  };
  std::vector<Call> calls_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CALL_HISTORY_H_
