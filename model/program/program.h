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

#include "model/search/limits.h"

namespace slabproof::model {

inline constexpr std::size_t kMaxOpsPerThread = 32;
inline constexpr std::size_t kMaxBatch = 16;

/// One operation of a program. The tokens, which every engine shares:
///
/// | token | operation |
/// |---|---|
/// | `a`, `a3` | allocate one block; a batch of three |
/// | `f`, `f@1`, `F` | free the newest block held; that at position 1 (oldest is 0); all held |
/// | `g>2`, `t` | give the newest block held to thread 2; take the oldest block given to me |
/// | `x` | free a foreign pointer |
/// | `m` | free a pointer into the block that this thread had last, but not at its start |
/// | `d` | free again the block that this thread freed last |
/// | `u` | usable_size of the newest block held |
/// | `c`, `n`, `s`, `r` | capacity_bytes, segment_count, stats, trim |
/// | `!` | the next request of this thread to the backing fails; said twice, still one request |
///
/// `F` is one batch. An operation that finds nothing to act on is skipped, and counted as skipped:
/// `f`, `F`, `g` and `u` where no block is held, `f@1` where that position is empty, `t` where
/// nothing was given, `m` where this thread never had a block, `d` where it has freed nothing. `d`
/// is skipped as well on a slab that cannot tell a second free, and belongs only into a program in
/// which nobody can be handed that block anew before: no slab can refuse the free of a live block.
struct Op {
  enum class Kind : std::uint8_t {
    kAllocate,
    kFree,
    kFreeAll,
    kGive,
    kTake,
    kFreeForeign,
    kFreeMisaligned,
    kFreeAgain,
    kUsableSize,
    kCapacityBytes,
    kSegmentCount,
    kStats,
    kTrim,
    kFailNextRequest,
  };
  static constexpr std::uint8_t kNewest = 0xff;

  Kind kind = Kind::kAllocate;
  /// `kAllocate`: blocks asked for, 1 to kMaxBatch. `kFree`: position, or kNewest. `kGive`: the
  /// receiving thread. Otherwise 0.
  std::uint8_t argument = 0;

  friend constexpr bool operator==(const Op&, const Op&) = default;
};

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

/// Why a text is not a program.
struct ParseError {
  std::size_t position = 0;  ///< byte offset of the offending token
  std::string message;       ///< a sentence that quotes the token and names the position

  friend bool operator==(const ParseError&, const ParseError&) = default;
};

[[nodiscard]] std::expected<Program, ParseError> parse_program(std::string_view text);
[[nodiscard]] std::string to_text(const Program& program);
[[nodiscard]] std::string to_text(Op op);

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
