#ifndef SLABPROOF_MODEL_RUNTIME_COMPARED_VALUE_H_
#define SLABPROOF_MODEL_RUNTIME_COMPARED_VALUE_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace slabproof::model {

template <class T>
inline constexpr bool kIsNumber = std::is_integral_v<T> || std::is_enum_v<T>;

/// Two executions that begin alike must read the same values, as far as these can be compared:
/// an address may differ, since the heap may place the same object elsewhere. So numbers are
/// compared, and whether pointers are null; a number with room for an address, up to where the
/// addresses of a Linux process begin. Greater values are taken for this one.
template <class T>
inline constexpr std::uint64_t kComparedUpTo =
    !kIsNumber<T>                        ? 1
    : sizeof(T) < sizeof(std::uintptr_t) ? std::numeric_limits<std::uint64_t>::max()
                                         : (std::uint64_t{1} << 22) - 1;

/// What is compared of a value.
template <class T>
std::uint64_t compared(const T& value) noexcept {
  if constexpr (kIsNumber<T>) {
    return std::min(static_cast<std::uint64_t>(value), kComparedUpTo<T>);
  } else if constexpr (std::is_pointer_v<T>) {
    return value != nullptr ? 1 : 0;
  } else {
    return 0;
  }
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_COMPARED_VALUE_H_
