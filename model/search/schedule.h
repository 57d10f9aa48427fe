#ifndef SLABPROOF_MODEL_SEARCH_SCHEDULE_H_
#define SLABPROOF_MODEL_SEARCH_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace slabproof::model {

/// One choice of an execution: which thread makes the next step, or which of several values comes
/// back.
class Choice {
 public:
  static constexpr std::size_t kMaxValue = 0x7f;

  constexpr Choice() = default;
  static constexpr Choice thread(std::size_t index) noexcept {
    return Choice(static_cast<std::uint8_t>(index));
  }
  static constexpr Choice value(std::size_t index) noexcept {
    return Choice(static_cast<std::uint8_t>(kValueBit | index));
  }

  [[nodiscard]] constexpr bool is_value() const noexcept { return (bits_ & kValueBit) != 0; }
  [[nodiscard]] constexpr std::size_t index() const noexcept { return bits_ & kMaxValue; }
  friend constexpr bool operator==(Choice, Choice) = default;

 private:
  static constexpr std::uint8_t kValueBit = 0x80;
  explicit constexpr Choice(std::uint8_t bits) noexcept : bits_(bits) {}
  std::uint8_t bits_ = 0;
};

/// Every choice of one execution, so that it can be run again.
///
/// As text it is one line: `0x3 1 v1 0` is three steps of thread 0, one of thread 1, the value 1,
/// a step of thread 0. A leading `g` says that it is one of an execution graph, where the steps are
/// starts and operations of threads, see model/graph/run_record.h. A leading `u` says that an
/// unlock is a step of its own, as it is in the searches `full`, `bound` and `random`.
struct Schedule {
  bool unlock_is_step = false;
  std::vector<Choice> choices;
  bool is_graph = false;

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

[[nodiscard]] std::string to_text(const Schedule& schedule);
/// Errors: a sentence that quotes the offending word.
[[nodiscard]] std::expected<Schedule, std::string> parse_schedule(std::string_view text);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_SCHEDULE_H_
