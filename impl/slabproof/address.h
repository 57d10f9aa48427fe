#ifndef SLABPROOF_ADDRESS_H_
#define SLABPROOF_ADDRESS_H_

#include <cstddef>
#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

[[nodiscard]] inline std::uintptr_t address_of(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

/// Whether `pointer`, which may be any value, is the address of one of the `size` bytes at `start`.
[[nodiscard]] inline bool lies_in(const void* pointer, const void* start,
                                  std::size_t size) noexcept {
  return address_of(pointer) >= address_of(start) && address_of(pointer) - address_of(start) < size;
}

}  // namespace slabproof

#endif  // SLABPROOF_ADDRESS_H_
