#ifndef SLABPROOF_ALLOC_ERROR_H_
#define SLABPROOF_ALLOC_ERROR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "slabproof/language.h"

namespace slabproof {

/// Why an allocation, or the construction of a slab, could not be served. A failure is a value:
/// nothing on an allocation path throws, and a failed call has changed nothing (property S11).
enum class AllocError : std::uint8_t {
  kOutOfMemory,  ///< the backing refused, and every slot was live when nothing was on its way (L3)
  kInvalidCapacity,    ///< a capacity of zero, or more slots than a 32-bit index can name
  kInvalidLayout,      ///< a size of zero, or an alignment that is not a power of two
  kLayoutOverflow,     ///< size x capacity does not fit the address space
  kUnsupportedLayout,  ///< a request larger or more aligned than the slots of this slab
  kSegmentLimit,  ///< the slab has as many segments as it can name, or as `limit_segments` allows
};

/// "out of memory", "invalid capacity", ... O(1), safe from any thread.
[[nodiscard]] constexpr std::string_view to_string(AllocError error) noexcept {
  // Not a switch: compilers disagree whether one that is complete needs a default.
  constexpr std::array<std::string_view, 6> kNames = {"out of memory",      "invalid capacity",
                                                      "invalid layout",     "layout overflow",
                                                      "unsupported layout", "segment limit"};
  const auto index = static_cast<std::size_t>(error);
  return index < kNames.size() ? kNames[index] : "unknown error";
}

}  // namespace slabproof

#endif  // SLABPROOF_ALLOC_ERROR_H_
