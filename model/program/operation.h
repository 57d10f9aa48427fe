#ifndef SLABPROOF_MODEL_PROGRAM_OPERATION_H_
#define SLABPROOF_MODEL_PROGRAM_OPERATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>

#include "model/search/limits.h"

namespace slabproof::model {

inline constexpr std::size_t kMaxBatch = 16;

/// One operation of a program. What each kind does, and how it is written, is in `kOperations`.
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
    kAllocateZeroed,
  };
  static constexpr std::uint8_t kNewest = 0xff;

  Kind kind = Kind::kAllocate;
  /// By `OperationTraits::argument`. 0 where the operation takes none.
  std::uint8_t argument = 0;

  friend constexpr bool operator==(const Op&, const Op&) = default;
};

/// What the argument of an operation says.
enum class Argument : std::uint8_t {
  kNone,
  kBlocks,    ///< how many blocks to ask for
  kPosition,  ///< which of the blocks held, the oldest being 0; or kNewest
  kThread,    ///< which thread, counted from 0
};

/// How an argument is written: a separator and a number in [first, last] follow the letter of the
/// operation. The letter alone stands for `implied`; where that is nothing, it is not an operation.
struct ArgumentTraits {
  Argument argument;
  std::string_view separator;
  std::uint8_t first;
  std::uint8_t last;  ///< of kThread, the threads of the program are a limit as well
  std::optional<std::uint8_t> implied;
  std::uint8_t example;
  std::string_view meaning;  ///< the subject of a sentence that ends "a number from 1 to 16"
};

inline constexpr auto kArguments = std::to_array<ArgumentTraits>({
    {Argument::kNone, "", 0, 0, 0, 0, "the argument is"},
    {Argument::kBlocks, "", 1, kMaxBatch, 1, 3, "the size of a batch is"},
    {Argument::kPosition, "@", 0, Op::kNewest - 1, Op::kNewest, 1, "a position is"},
    {Argument::kThread, ">", 0, kMaxThreads - 1, std::nullopt, 2, "the receiving thread is"},
});

/// What an operation does to the slab, and in which critical sections.
enum class Effect : std::uint8_t {
  kAllocate,    ///< hands out blocks: one section, and one more for each request to the backing
  kFree,        ///< gives blocks back: one section
  kTrim,        ///< takes out and puts back segments: one section, and one more for each of them
  kBadPointer,  ///< offers a pointer that the slab must refuse: one section
  kQuery,       ///< reads: one section
  kGift,        ///< passes a block from thread to thread: no section
  kRefusal,     ///< makes the backing refuse the thread's next request: no section
};

/// What an operation acts on. Where the thread does not have that, the operation is skipped.
enum class Needs : std::uint8_t {
  kNothing,
  kHeldBlock,   ///< a block that the thread holds, at the operation's position if it has one
  kSeenBlock,   ///< a block that the thread has held
  kFreedBlock,  ///< a block that the thread has freed
  kGift,        ///< a block that was given to the thread
};

/// All that is known of an operation without running it.
struct OperationTraits {
  Op::Kind kind;
  char letter;
  Argument argument;
  Effect effect;
  Needs needs;
  std::uint8_t weight;  ///< how often a generator chooses it, as against the others
  std::string_view help;
};

/// The operations, in the order of `Op::Kind`: the source of the parser, of the printed and the
/// encoded form, of the generators, of the help, and of what the oracle expects of each.
///
/// `d` is skipped as well on a slab that cannot tell a second free. It belongs only into a program
/// in which nobody can be handed that block anew before: no slab can refuse the free of a live
/// block.
inline constexpr auto kOperations = std::to_array<OperationTraits>({
    {Op::Kind::kAllocate, 'a', Argument::kBlocks, Effect::kAllocate, Needs::kNothing, 12,
     "allocate one block; a batch of three"},
    {Op::Kind::kFree, 'f', Argument::kPosition, Effect::kFree, Needs::kHeldBlock, 10,
     "free the newest block held; the one at position 1 (the oldest is 0)"},
    {Op::Kind::kFreeAll, 'F', Argument::kNone, Effect::kFree, Needs::kHeldBlock, 2,
     "free all blocks held, as a batch"},
    {Op::Kind::kGive, 'g', Argument::kThread, Effect::kGift, Needs::kHeldBlock, 2,
     "give the newest block held to thread 2 (threads count from 0)"},
    {Op::Kind::kTake, 't', Argument::kNone, Effect::kGift, Needs::kGift, 3,
     "take the oldest block given to me"},
    {Op::Kind::kFreeForeign, 'x', Argument::kNone, Effect::kBadPointer, Needs::kNothing, 1,
     "free a foreign pointer"},
    {Op::Kind::kFreeMisaligned, 'm', Argument::kNone, Effect::kBadPointer, Needs::kSeenBlock, 1,
     "free a pointer into the block that this thread had last, but not at its start"},
    {Op::Kind::kFreeAgain, 'd', Argument::kNone, Effect::kBadPointer, Needs::kFreedBlock, 1,
     "free again the block that this thread freed last"},
    {Op::Kind::kUsableSize, 'u', Argument::kNone, Effect::kQuery, Needs::kHeldBlock, 1,
     "usable_size of the newest block held"},
    {Op::Kind::kCapacityBytes, 'c', Argument::kNone, Effect::kQuery, Needs::kNothing, 1,
     "capacity_bytes"},
    {Op::Kind::kSegmentCount, 'n', Argument::kNone, Effect::kQuery, Needs::kNothing, 1,
     "segment_count"},
    {Op::Kind::kStats, 's', Argument::kNone, Effect::kQuery, Needs::kNothing, 1, "stats"},
    {Op::Kind::kTrim, 'r', Argument::kNone, Effect::kTrim, Needs::kNothing, 2,
     "trim; of an owner: take what remotes have pushed"},
    {Op::Kind::kFailNextRequest, '!', Argument::kNone, Effect::kRefusal, Needs::kNothing, 3,
     "this thread's next request to the backing fails; said twice, still one request"},
    {Op::Kind::kAllocateZeroed, 'z', Argument::kNone, Effect::kAllocate, Needs::kNothing, 3,
     "allocate one block of zeros"},
});

[[nodiscard]] constexpr const OperationTraits& traits_of(Op::Kind kind) {
  return kOperations[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr const OperationTraits& traits_of(Op op) {
  return traits_of(op.kind);
}
[[nodiscard]] constexpr const ArgumentTraits& traits_of(Argument argument) {
  return kArguments[static_cast<std::size_t>(argument)];
}

static_assert([] {
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (kOperations[i].kind != static_cast<Op::Kind>(i)) return false;
  }
  for (std::size_t i = 0; i < kArguments.size(); ++i) {
    if (kArguments[i].argument != static_cast<Argument>(i)) return false;
  }
  return true;
}());

[[nodiscard]] constexpr bool allocates(Op op) {
  return traits_of(op).effect == Effect::kAllocate;
}

/// How many blocks an operation asks the slab for.
[[nodiscard]] constexpr std::uint8_t blocks_asked_for(Op op) {
  if (!allocates(op)) return 0;
  return traits_of(op).argument == Argument::kBlocks ? op.argument : std::uint8_t{1};
}

/// Whether an operation enters a critical section, unless it is skipped.
[[nodiscard]] constexpr bool takes_lock(Op op) {
  const Effect effect = traits_of(op).effect;
  return effect != Effect::kGift && effect != Effect::kRefusal;
}

/// Whether slots that were live may be free after the operation.
[[nodiscard]] constexpr bool gives_back(Op op) {
  const Effect effect = traits_of(op).effect;
  return effect == Effect::kFree || effect == Effect::kTrim;
}

/// Each kind as many times as its weight says: what a generator draws from.
inline constexpr auto kWeightedKinds = [] {
  constexpr std::size_t kTotal =
      std::accumulate(kOperations.begin(), kOperations.end(), std::size_t{0},
                      [](std::size_t sum, const auto& each) { return sum + each.weight; });
  std::array<Op::Kind, kTotal> kinds{};
  auto next = kinds.begin();
  for (const OperationTraits& each : kOperations) {
    for (std::uint8_t i = 0; i < each.weight; ++i) *next++ = each.kind;
  }
  return kinds;
}();

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_OPERATION_H_
