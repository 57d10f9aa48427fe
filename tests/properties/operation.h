#ifndef SLABPROOF_TESTS_PROPERTIES_OPERATION_H_
#define SLABPROOF_TESTS_PROPERTIES_OPERATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slabproof::properties {

/// One call of a sequential property, with more detail than the program language has: every public
/// operation of a slab is one of these. As text `name` or `name:argument`.
struct Operation {
  enum class Kind : std::uint8_t {
    kAllocate,
    kAllocateLayout,  ///< a layout that fits; the argument picks it
    kAllocateUnfit,   ///< 0: too large; 1: too aligned; 2: no layout at all
    kAllocateBatch,   ///< as many blocks as the argument says, 0 included
    kCreate,
    kCreateThrowing,  ///< the object's constructor throws
    kMakeUnique,      ///< and drops the owner at once
    kFree,            ///< the argument counts from the newest block held
    kFreeBatch,       ///< the argument's half, newest first; with a foreign pointer if it is odd
    kDestroy,         ///< as kFree, by `destroy`
    kDestroyNull,
    kFreeForeign,     ///< 0: null; 1: all ones; 2: a local variable; 3: a block of another slab
    kFreeMisaligned,  ///< a pointer into a block held; the argument picks block and offset
    kFreeAgain,       ///< a slot that lies on a freelist; the argument picks it
    kFreeUncarved,    ///< a slot that was never handed out; the argument picks the segment
    kQuery,           ///< usable_size, capacity_bytes, contains; the argument picks the block
    kTrim,
    kRefuseRequest,     ///< the next request to the backing fails
    kRefuseSegment,     ///< the next request for a segment fails
    kTamper,            ///< overwrites the link in a free slot; the argument picks slot and value
    kForgeAndAllocate,  ///< points the next slot's link to a live slot, then allocates
  };

  Kind kind = Kind::kAllocate;
  std::uint32_t argument = 0;

  friend bool operator==(const Operation&, const Operation&) = default;
};

struct OperationTraits {
  std::string_view name;
  std::size_t weight;  ///< how often a sequence has it, as against the others
};

/// In the order of `Operation::Kind`. Allocations and frees make up most of a sequence.
inline constexpr auto kOperations = std::to_array<OperationTraits>({
    {"allocate", 12},
    {"allocate_layout", 2},
    {"allocate_unfit", 1},
    {"allocate_batch", 5},
    {"create", 3},
    {"create_throwing", 1},
    {"make_unique", 1},
    {"free", 14},
    {"free_batch", 5},
    {"destroy", 3},
    {"destroy_null", 1},
    {"free_foreign", 1},
    {"free_misaligned", 1},
    {"free_again", 1},
    {"free_uncarved", 1},
    {"query", 2},
    {"trim", 1},
    {"refuse_request", 1},
    {"refuse_segment", 1},
    {"tamper", 1},
    {"forge_and_allocate", 1},
});
static_assert(kOperations.size() ==
              static_cast<std::size_t>(Operation::Kind::kForgeAndAllocate) + 1);

[[nodiscard]] std::string to_text(Operation operation);
[[nodiscard]] std::optional<Operation> parse_operation(std::string_view text);

/// Operations separated by spaces.
[[nodiscard]] std::string to_text(const std::vector<Operation>& operations);
[[nodiscard]] std::optional<std::vector<Operation>> parse_operations(const std::string& text);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_OPERATION_H_
