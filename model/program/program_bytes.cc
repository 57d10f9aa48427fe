#include <algorithm>
#include <array>

#include "model/program/program.h"

namespace slabproof::model {
namespace {

/// What a byte stands for, before its argument. No operation: the next thread begins.
struct Code {
  std::optional<Op::Kind> kind;
  bool takes_argument = false;

  friend constexpr bool operator==(const Code&, const Code&) = default;
};

/// How often a byte at random begins the next thread, as against the weights of operations.
constexpr std::size_t kWeightOfThread = 3;

/// What each byte stands for. First comes each code once: the beginning of a thread, then the
/// operations in their order, without and with an argument. These are what `to_bytes` writes, and a
/// new operation comes behind them. In the other bytes each code stands as often as its weight
/// says, so a random byte is more often one that makes a race likely.
constexpr std::array<Code, 256> kCodes = [] {
  std::array<Code, 256> codes{};
  std::size_t used = 1;
  for (const OperationTraits& traits : kOperations) {
    if (traits_of(traits.argument).implied) codes[used++] = {traits.kind, false};
    if (traits.argument != Argument::kNone) codes[used++] = {traits.kind, true};
  }
  constexpr std::size_t kTotal = kWeightedKinds.size() + kWeightOfThread;
  for (std::size_t i = 0; used < codes.size(); ++i, ++used) {
    const std::size_t draw = i % kTotal;
    if (draw >= kWeightedKinds.size()) continue;
    const Argument argument = traits_of(kWeightedKinds[draw]).argument;
    const bool takes_argument =
        argument != Argument::kNone && (!traits_of(argument).implied || draw % 4 == 3);
    codes[used] = {kWeightedKinds[draw], takes_argument};
  }
  return codes;
}();

constexpr std::uint8_t decode_argument(const ArgumentTraits& traits, std::uint8_t byte) {
  return static_cast<std::uint8_t>(traits.first + byte % (traits.last - traits.first + 1));
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
    const Code code = kCodes[bytes[0]];
    bytes = bytes.subspan(1);
    if (!code.kind) {
      end_thread();
      continue;
    }
    const ArgumentTraits& traits = traits_of(traits_of(*code.kind).argument);
    std::uint8_t argument = traits.implied.value_or(traits.first);
    if (code.takes_argument) {
      argument = decode_argument(traits, bytes.empty() ? std::uint8_t{0} : bytes[0]);
      bytes = bytes.subspan(std::min<std::size_t>(1, bytes.size()));
    }
    if (ops.size() < kMaxOpsPerThread) ops.push_back({*code.kind, argument});
  }
  if (program.threads.size() < kMaxThreads) end_thread();
  if (program.threads.empty()) program.threads.push_back({Op{Op::Kind::kAllocate, 1}});

  // How many threads there are to give to is known only now.
  for (std::vector<Op>& thread : program.threads) {
    for (Op& op : thread) {
      if (traits_of(op).argument != Argument::kThread) continue;
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
      const ArgumentTraits& traits = traits_of(traits_of(op).argument);
      const Code code = {op.kind, op.argument != traits.implied};
      bytes.push_back(static_cast<std::uint8_t>(std::ranges::find(kCodes, code) - kCodes.begin()));
      if (code.takes_argument) {
        bytes.push_back(static_cast<std::uint8_t>(op.argument - traits.first));
      }
    }
  }
  return bytes;
}

}  // namespace slabproof::model
