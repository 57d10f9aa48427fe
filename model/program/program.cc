#include "model/program/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace slabproof::model {
namespace {

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

std::expected<Op, ParseError> parse_argument(std::string_view token, const OperationTraits& traits,
                                             std::size_t thread_count) {
  const ArgumentTraits& argument = traits_of(traits.argument);
  const std::size_t last = traits.argument == Argument::kThread ? thread_count - 1 : argument.last;
  const auto number = parse_number(token.substr(1 + argument.separator.size()));
  if (!number || *number < argument.first || *number > last) {
    return std::unexpected(
        ParseError{0, fmt::format("{} is not a valid operation: {} a number from {} to {}.",
                                  in_quotes(token), argument.meaning, argument.first, last)});
  }
  return Op{traits.kind, static_cast<std::uint8_t>(*number)};
}

std::string to_token(const OperationTraits& traits, unsigned argument) {
  return fmt::format("{}{}{}", traits.letter, traits_of(traits.argument).separator, argument);
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

std::string tokens_of(const OperationTraits& traits) {
  const ArgumentTraits& argument = traits_of(traits.argument);
  if (traits.argument == Argument::kNone) return std::string(1, traits.letter);
  const std::string example = to_token(traits, argument.example);
  return argument.implied ? fmt::format("{} {}", traits.letter, example) : example;
}

std::expected<Op, ParseError> parse_op(std::string_view token, std::size_t thread_count) {
  for (const OperationTraits& traits : kOperations) {
    if (!token.starts_with(traits.letter)) continue;
    const ArgumentTraits& argument = traits_of(traits.argument);
    if (token.size() == 1 && argument.implied) return Op{traits.kind, *argument.implied};
    const bool has_argument = traits.argument != Argument::kNone && token.size() > 1 &&
                              token.substr(1).starts_with(argument.separator);
    if (has_argument) return parse_argument(token, traits, thread_count);
  }
  std::vector<std::string> tokens;
  for (const OperationTraits& traits : kOperations) tokens.push_back(tokens_of(traits));
  return std::unexpected(ParseError{0, fmt::format("{} is not a valid operation; these are: {}",
                                                   in_quotes(token), fmt::join(tokens, " "))});
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
  const OperationTraits& traits = traits_of(op);
  const bool is_letter =
      traits.argument == Argument::kNone || op.argument == traits_of(traits.argument).implied;
  return is_letter ? std::string(1, traits.letter) : to_token(traits, op.argument);
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

Program without_thread(Program program, std::size_t thread) {
  program.threads.erase(program.threads.begin() + static_cast<std::ptrdiff_t>(thread));
  for (std::vector<Op>& ops : program.threads) {
    std::erase_if(ops,
                  [thread](Op op) { return op.kind == Op::Kind::kGive && op.argument == thread; });
    for (Op& op : ops) {
      if (op.kind == Op::Kind::kGive && op.argument > thread) --op.argument;
    }
  }
  return program;
}

}  // namespace slabproof::model
