#ifndef SLABPROOF_MODEL_RUNTIME_CANONICAL_VALUE_H_
#define SLABPROOF_MODEL_RUNTIME_CANONICAL_VALUE_H_

#include <type_traits>

namespace slabproof::model {

/// Makes copies of values that mean the same equal in each byte, as far as that is known: without
/// it a search that compares states takes them for different ones, which costs time and no more.
/// `ValueDescriber::forget_places` leaves out what depends on where memory lies, and nothing else.
template <class T, class ValueDescriber>
void canonicalize_value(void* copy) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    T& value = *static_cast<T*>(copy);
    if constexpr (requires { ValueDescriber::forget_places(value); }) {
      ValueDescriber::forget_places(value);
    }
#if __has_builtin(__builtin_clear_padding)
    __builtin_clear_padding(&value);
#endif
  }
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_CANONICAL_VALUE_H_
