#ifndef SLABPROOF_NEVER_DESTROYED_H_
#define SLABPROOF_NEVER_DESTROYED_H_

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "slabproof/language.h"

namespace slabproof {

/// An object in place whose destructor never runs: for a slab in static storage. Objects in other
/// static or thread-local variables, which end in the reverse order of their making, may then
/// outlive `main` and still give their blocks back:
///
///     slabproof::NeverDestroyed<slabproof::ExtendableSlab<Order>> orders(1024U);
///
/// The memory of the slab goes with the process. A leak checker does not report it, since the
/// static variable leads there; nor what objects own that are live to the end, where it can see
/// them: it searches the memory of a `HeapBacking`, but not mapped pages.
///
/// It is constant-initialised where that constructor of `T` is `constexpr`. Otherwise static
/// variables of one source file are made in the order of the file, and those of different files in
/// no order: a slab that others use before `main` is then best made at its first use, as a static
/// variable in a function that is defined in one source file.
///
/// Thread safety: that of the object.
template <class T>
class NeverDestroyed {
 public:
  /// With the arguments of a constructor of `T`.
  template <class... Arguments>
    requires std::constructible_from<T, Arguments...>
  explicit constexpr NeverDestroyed(Arguments&&... arguments) noexcept(
      std::is_nothrow_constructible_v<T, Arguments...>)
      : object_(std::forward<Arguments>(arguments)...) {}
  /// Does nothing: the object goes on, and so does its memory, which is static.
  constexpr ~NeverDestroyed() {}
  NeverDestroyed(const NeverDestroyed&) = delete;
  NeverDestroyed& operator=(const NeverDestroyed&) = delete;

  /// The object.
  [[nodiscard]] constexpr T& operator*() noexcept { return object_; }
  /// The object.
  [[nodiscard]] constexpr const T& operator*() const noexcept { return object_; }
  /// The object.
  [[nodiscard]] constexpr T* operator->() noexcept { return std::addressof(object_); }
  /// The object.
  [[nodiscard]] constexpr const T* operator->() const noexcept { return std::addressof(object_); }

 private:
  union {
    T object_;
  };
};

}  // namespace slabproof

#endif  // SLABPROOF_NEVER_DESTROYED_H_
