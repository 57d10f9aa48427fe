#include <algorithm>
#include <array>

#include "model/program/program.h"

namespace slabproof::model {
namespace {

using Kind = Op::Kind;

/// What a byte stands for, before its argument. No operation: the next thread begins.
struct Code {
  std::optional<Kind> kind;
  bool takes_argument = false;
};

/// A byte is taken modulo the size of this table. Operations that make a race more likely stand in
/// it several times, so a random byte is more often one of them; the first of them is the one that
/// `to_bytes` writes.
constexpr std::array<Code, 32> kCodes = {{
    {std::nullopt},
    {Kind::kAllocate},
    {Kind::kAllocate, true},
    {Kind::kFree},
    {Kind::kFree, true},
    {Kind::kFreeAll},
    {Kind::kGive, true},
    {Kind::kTake},
    {Kind::kFreeForeign},
    {Kind::kFreeMisaligned},
    {Kind::kFreeAgain},
    {Kind::kUsableSize},
    {Kind::kCapacityBytes},
    {Kind::kSegmentCount},
    {Kind::kStats},
    {Kind::kTrim},
    {Kind::kFailNextRequest},
    {std::nullopt},
    {Kind::kAllocate},
    {Kind::kAllocate},
    {Kind::kAllocate},
    {Kind::kAllocate},
    {Kind::kAllocate, true},
    {Kind::kFree},
    {Kind::kFree},
    {Kind::kFree},
    {Kind::kFree},
    {Kind::kFree, true},
    {Kind::kFreeAll},
    {Kind::kGive, true},
    {Kind::kTake},
    {Kind::kFailNextRequest},
}};

/// The argument of an operation whose code says nothing more.
constexpr std::uint8_t implied_argument(Kind kind) {
  if (kind == Kind::kAllocate) return 1;
  return kind == Kind::kFree ? Op::kNewest : 0;
}

constexpr std::uint8_t decode_argument(Kind kind, std::uint8_t byte) {
  if (kind == Kind::kAllocate) return static_cast<std::uint8_t>(1 + byte % kMaxBatch);
  return kind == Kind::kFree ? static_cast<std::uint8_t>(byte % Op::kNewest) : byte;
}

constexpr std::uint8_t encode_argument(Op op) {
  return op.kind == Kind::kAllocate ? static_cast<std::uint8_t>(op.argument - 1) : op.argument;
}

}  // namespace

Program program_from_bytes(std::span<const std::uint8_t> bytes) {
  Program program;
  std::vector<Op> ops;
  const auto end_thread = [&] {
    if (!ops.empty()) program.threads.push_back(std::move(ops));
    ops.clear();
  };
  while (!bytes.empty() && program.threads.size() < kMaxThreads) {
    const Code code = kCodes[bytes[0] % kCodes.size()];
    bytes = bytes.subspan(1);
    if (!code.kind) {
      end_thread();
      continue;
    }
    std::uint8_t argument = implied_argument(*code.kind);
    if (code.takes_argument) {
      argument = decode_argument(*code.kind, bytes.empty() ? std::uint8_t{0} : bytes[0]);
      bytes = bytes.subspan(std::min<std::size_t>(1, bytes.size()));
    }
    if (ops.size() < kMaxOpsPerThread) ops.push_back({*code.kind, argument});
  }
  if (program.threads.size() < kMaxThreads) end_thread();
  if (program.threads.empty()) program.threads.push_back({Op{Kind::kAllocate, 1}});

  // How many threads there are to give to is known only now.
  for (std::vector<Op>& thread : program.threads) {
    for (Op& op : thread) {
      if (op.kind != Kind::kGive) continue;
      op.argument = static_cast<std::uint8_t>(op.argument % program.threads.size());
    }
  }
  return program;
}

std::vector<std::uint8_t> to_bytes(const Program& program) {
  std::vector<std::uint8_t> bytes;
  for (const std::vector<Op>& ops : program.threads) {
    if (&ops != &program.threads.front()) bytes.push_back(0);
    for (const Op op : ops) {
      const bool takes_argument =
          op.kind == Kind::kGive || op.argument != implied_argument(op.kind);
      const auto* const code = std::ranges::find_if(kCodes, [&](const Code& entry) {
        return entry.kind == op.kind && entry.takes_argument == takes_argument;
      });
      bytes.push_back(static_cast<std::uint8_t>(code - kCodes.begin()));
      if (takes_argument) bytes.push_back(encode_argument(op));
    }
  }
  return bytes;
}

}  // namespace slabproof::model
