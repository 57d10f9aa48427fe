#ifndef SLABPROOF_MODEL_PROGRAM_PROGRAM_H_
#define SLABPROOF_MODEL_PROGRAM_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/program/operation.h"
#include "model/search/limits.h"

namespace slabproof::model {

inline constexpr std::size_t kMaxOpsPerThread = 32;

/// A few operations for each of a few threads. As text, `a f | a a f f`.
///
/// A program is well formed if it has 1 to kMaxThreads threads of 1 to kMaxOpsPerThread operations
/// each, and every argument is in its range; `g>2` needs a thread 2, counted from 0. What the
/// functions below read is well formed, and what they write of such a program reads back the same.
struct Program {
  std::vector<std::vector<Op>> threads;

  friend bool operator==(const Program&, const Program&) = default;
};

/// What keeps `program` from being well formed, as a sentence, or nothing.
[[nodiscard]] std::optional<std::string> defect_of(const Program& program);

/// A program without one of its threads: what was given to it stays with the giver, and higher
/// threads move down.
[[nodiscard]] Program without_thread(Program program, std::size_t thread);

/// Why a text is not a program.
struct ParseError {
  std::size_t position = 0;  ///< byte offset of the offending token
  std::string message;       ///< a sentence that quotes the token and names the position

  friend bool operator==(const ParseError&, const ParseError&) = default;
};

[[nodiscard]] std::expected<Program, ParseError> parse_program(std::string_view text);
[[nodiscard]] std::string to_text(const Program& program);
[[nodiscard]] std::string to_text(Op op);

/// How `traits` is written, such as "f f@1": its letter, and that with an argument.
[[nodiscard]] std::string tokens_of(const OperationTraits& traits);

/// One operation of a program of `thread_count` threads; `ParseError::position` is 0.
[[nodiscard]] std::expected<Op, ParseError> parse_op(std::string_view token,
                                                     std::size_t thread_count);

/// Every byte string is a well-formed program, so that a fuzzer wastes no input. A byte says which
/// operation comes next, or that the next thread begins; an operation with an argument takes one
/// byte more. What exceeds a limit is left out, an argument out of range wraps, and the program of
/// no bytes is `a`. `program_from_bytes` of `to_bytes` gives a well-formed program back.
[[nodiscard]] Program program_from_bytes(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::vector<std::uint8_t> to_bytes(const Program& program);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_PROGRAM_H_
