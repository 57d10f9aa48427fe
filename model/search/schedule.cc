#include "model/search/schedule.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>

#include "model/search/execution.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kMaxChoices = std::size_t{1} << 16;

std::optional<std::size_t> parse_number(std::string_view text, std::size_t limit) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > limit) {
    return std::nullopt;
  }
  return number;
}

/// `2`, `2x17` or `v1`: a choice, and how often in a row.
std::optional<std::pair<Choice, std::size_t>> parse_word(std::string_view word) {
  if (word.starts_with('v')) {
    const auto value = parse_number(word.substr(1), Choice::kMaxValue);
    if (!value) return std::nullopt;
    return std::pair(Choice::value(*value), std::size_t{1});
  }
  const auto times = word.find('x');
  const auto thread = parse_number(word.substr(0, times), kMaxThreads - 1);
  if (!thread) return std::nullopt;
  if (times == std::string_view::npos) return std::pair(Choice::thread(*thread), std::size_t{1});
  const auto count = parse_number(word.substr(times + 1), kMaxChoices);
  if (!count || *count == 0) return std::nullopt;
  return std::pair(Choice::thread(*thread), *count);
}

}  // namespace

std::string to_text(const Schedule& schedule) {
  std::string text = schedule.is_graph ? "g" : schedule.unlock_is_step ? "u" : "";
  const auto& choices = schedule.choices;
  for (std::size_t i = 0; i < choices.size();) {
    std::size_t end = i + 1;
    if (!choices[i].is_value()) {
      while (end < choices.size() && choices[end] == choices[i]) ++end;
    }
    if (!text.empty()) text += ' ';
    text += choices[i].is_value() ? fmt::format("v{}", choices[i].index())
            : end - i == 1        ? fmt::format("{}", choices[i].index())
                                  : fmt::format("{}x{}", choices[i].index(), end - i);
    i = end;
  }
  return text;
}

std::expected<Schedule, std::string> parse_schedule(std::string_view text) {
  Schedule schedule;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (word.empty()) continue;
    if (first && (word == "u" || word == "g")) {
      (word == "u" ? schedule.unlock_is_step : schedule.is_graph) = true;
      first = false;
      continue;
    }
    first = false;
    const auto choice = parse_word(word);
    if (!choice) {
      constexpr std::size_t kShownOfWord = 24;
      return std::unexpected(
          fmt::format("{:?} is not a valid choice of a schedule: expected a thread (0 to {}), a "
                      "thread and a count "
                      "('1x3'), or a value ('v0' to 'v{}')",
                      word.substr(0, kShownOfWord), kMaxThreads - 1, Choice::kMaxValue));
    }
    if (schedule.choices.size() + choice->second > kMaxChoices) {
      return std::unexpected(fmt::format("a schedule has at most {} choices", kMaxChoices));
    }
    schedule.choices.insert(schedule.choices.end(), choice->second, choice->first);
  }
  return schedule;
}

}  // namespace slabproof::model
