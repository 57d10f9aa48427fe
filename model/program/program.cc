#include "model/program/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace slabproof::model {
namespace {

using Kind = Op::Kind;

/// The operations that are one letter and nothing else. `f` is one of them; `f@1` is not.
constexpr std::array kLetters = std::to_array<std::pair<char, Op>>({
    {'a', {Kind::kAllocate, 1}},
    {'f', {Kind::kFree, Op::kNewest}},
    {'F', {Kind::kFreeAll, 0}},
    {'t', {Kind::kTake, 0}},
    {'x', {Kind::kFreeForeign, 0}},
    {'m', {Kind::kFreeMisaligned, 0}},
    {'d', {Kind::kFreeAgain, 0}},
    {'u', {Kind::kUsableSize, 0}},
    {'c', {Kind::kCapacityBytes, 0}},
    {'n', {Kind::kSegmentCount, 0}},
    {'s', {Kind::kStats, 0}},
    {'r', {Kind::kTrim, 0}},
    {'!', {Kind::kFailNextRequest, 0}},
});

/// The values that the argument of an operation of `kind` may take, besides kNewest.
struct ArgumentRange {
  unsigned first;
  unsigned last;
};

constexpr ArgumentRange argument_range(Kind kind, std::size_t thread_count) {
  switch (kind) {
    case Kind::kAllocate:
      return {1, kMaxBatch};
    case Kind::kFree:
      return {0, Op::kNewest - 1U};
    case Kind::kGive:
      return {0, static_cast<unsigned>(thread_count) - 1U};
    default:
      return {0, 0};
  }
}

std::string_view meaning_of_argument(Kind kind) {
  switch (kind) {
    case Kind::kAllocate:
      return "the size of a batch is";
    case Kind::kFree:
      return "a position is";
    case Kind::kGive:
      return "the receiving thread is";
    default:
      return "the argument is";
  }
}

/// A token as a message shows it: hostile bytes made visible, and not at any length.
std::string in_quotes(std::string_view token) {
  constexpr std::size_t kShown = 24;
  std::string text = "\"";
  for (const char character : token.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte >= 0x7f || character == '"' || character == '\\') {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += character;
    }
  }
  return text + (token.size() > kShown ? "...\"" : "\"");
}

/// A number without sign or leading zeros that fits, or nothing.
std::optional<unsigned> parse_number(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  unsigned number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::expected<Op, ParseError> parse_argument(std::string_view token, std::size_t prefix, Kind kind,
                                             std::size_t thread_count) {
  const ArgumentRange range = argument_range(kind, thread_count);
  const auto number = parse_number(token.substr(prefix));
  if (!number || *number < range.first || *number > range.last) {
    return std::unexpected(ParseError{
        0, fmt::format("{} is no operation: {} a number from {} to {}.", in_quotes(token),
                       meaning_of_argument(kind), range.first, range.last)});
  }
  return Op{kind, static_cast<std::uint8_t>(*number)};
}

ParseError at(std::size_t position, std::string_view sentence) {
  return {position, fmt::format("At byte {}: {}", position, sentence)};
}

constexpr bool is_space(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/// The next token at or after `position`: a bar, or a run of other characters; empty at the end.
std::string_view next_token(std::string_view text, std::size_t position) {
  while (position < text.size() && is_space(text[position])) ++position;
  std::size_t end = position;
  while (end < text.size() && !is_space(text[end]) && text[end] != '|') ++end;
  if (end == position && end < text.size()) ++end;
  return text.substr(position, end - position);
}

}  // namespace

std::expected<Op, ParseError> parse_op(std::string_view token, std::size_t thread_count) {
  if (token.size() == 1) {
    const auto* const letter = std::ranges::find(kLetters, token[0], &std::pair<char, Op>::first);
    if (letter != kLetters.end()) return letter->second;
  }
  if (token.starts_with("f@")) return parse_argument(token, 2, Kind::kFree, thread_count);
  if (token.starts_with("g>")) return parse_argument(token, 2, Kind::kGive, thread_count);
  if (token.size() > 1 && token[0] == 'a') {
    return parse_argument(token, 1, Kind::kAllocate, thread_count);
  }
  return std::unexpected(
      ParseError{0, fmt::format("{} is no operation; these are: a a3 f f@1 F g>2 t x m d u c n s "
                                "r !",
                                in_quotes(token))});
}

std::expected<Program, ParseError> parse_program(std::string_view text) {
  const auto thread_count = static_cast<std::size_t>(std::ranges::count(text, '|')) + 1;
  Program program;
  program.threads.emplace_back();
  for (std::size_t position = 0;;) {
    const std::string_view token = next_token(text, position);
    const auto start = static_cast<std::size_t>(token.data() - text.data());
    position = start + token.size();
    std::vector<Op>& ops = program.threads.back();
    if (token.empty() || token == "|") {
      if (ops.empty()) {
        return std::unexpected(at(
            start, fmt::format("thread {} has no operation before {}.", program.threads.size() - 1,
                               token.empty() ? "the end" : in_quotes(token))));
      }
      if (token.empty()) return program;
      if (program.threads.size() == kMaxThreads) {
        return std::unexpected(at(start, fmt::format("{} begins a thread too many; a program has "
                                                     "at most {}.",
                                                     in_quotes(token), kMaxThreads)));
      }
      program.threads.emplace_back();
      continue;
    }
    const auto op = parse_op(token, thread_count);
    if (!op) return std::unexpected(at(start, op.error().message));
    if (ops.size() == kMaxOpsPerThread) {
      return std::unexpected(at(start, fmt::format("{} is an operation too many; a thread has at "
                                                   "most {}.",
                                                   in_quotes(token), kMaxOpsPerThread)));
    }
    ops.push_back(*op);
  }
}

std::string to_text(Op op) {
  switch (op.kind) {
    case Kind::kAllocate:
      return op.argument == 1 ? "a" : fmt::format("a{}", op.argument);
    case Kind::kFree:
      return op.argument == Op::kNewest ? "f" : fmt::format("f@{}", op.argument);
    case Kind::kGive:
      return fmt::format("g>{}", op.argument);
    default:
      break;
  }
  const auto* const letter = std::ranges::find_if(
      kLetters, [op](const auto& entry) { return entry.second.kind == op.kind; });
  return letter == kLetters.end() ? "?" : std::string(1, letter->first);
}

std::string to_text(const Program& program) {
  std::string text;
  for (const std::vector<Op>& ops : program.threads) {
    if (&ops != &program.threads.front()) text += " | ";
    for (const Op& op : ops) {
      if (&op != &ops.front()) text += ' ';
      text += to_text(op);
    }
  }
  return text;
}

std::optional<std::string> defect_of(const Program& program) {
  const std::size_t thread_count = program.threads.size();
  if (thread_count == 0 || thread_count > kMaxThreads) {
    return fmt::format("A program has 1 to {} threads, not {}.", kMaxThreads, thread_count);
  }
  for (std::size_t thread = 0; thread < thread_count; ++thread) {
    const std::vector<Op>& ops = program.threads[thread];
    if (ops.empty() || ops.size() > kMaxOpsPerThread) {
      return fmt::format("Thread {} has {} operations; a thread has 1 to {}.", thread, ops.size(),
                         kMaxOpsPerThread);
    }
    for (const Op op : ops) {
      const auto reread = parse_op(to_text(op), thread_count);
      if (!reread) return fmt::format("In thread {}, {}", thread, reread.error().message);
      if (*reread != op)
        return fmt::format("Thread {} has an operation that has no token.", thread);
    }
  }
  return std::nullopt;
}

}  // namespace slabproof::model
