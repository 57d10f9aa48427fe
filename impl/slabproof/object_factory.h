#ifndef SLABPROOF_OBJECT_FACTORY_H_
#define SLABPROOF_OBJECT_FACTORY_H_

#include <concepts>
#include <cstddef>
#include <cstring>
#include <expected>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"

namespace slabproof {

/// Destroys an object and gives its block back to the slab that it came from. Without a slab, as
/// that of an owner of nothing is, it is never called. `T` may be incomplete, and so may the slab.
template <class T, class Slab>
class SlabDeleter {
 public:
  SlabDeleter() noexcept = default;
  /// Of a slab that must outlive the object.
  explicit SlabDeleter(Slab& slab) noexcept : slab_(&slab) {}
  /// Ends the object and frees its block.
  void operator()(const T* object) const noexcept { slab_->destroy(object); }
  /// The slab that the object goes back to; null without one.
  [[nodiscard]] Slab* slab() const noexcept { return slab_; }

 private:
  Slab* slab_ = nullptr;
};

/// The same for an object that its owner knows as a `Base`, whatever slab it came from.
template <class Base>
class BaseDeleter {
 public:
  BaseDeleter() noexcept = default;
  /// From the deleter of a slab whose objects are derived from `Base`, not virtually. `Base` needs
  /// no virtual destructor.
  template <class T, class Slab>
    requires(std::derived_from<T, Base>)
  // Implicit, as that of std::unique_ptr is.
  explicit(false) BaseDeleter(SlabDeleter<T, Slab> deleter) noexcept
      : slab_(deleter.slab()), destroy_([](void* slab, const Base* object) noexcept {
          static_cast<Slab*>(slab)->destroy(static_cast<const T*>(object));
        }) {}
  /// Ends the object and frees its block, by the slab that it came from.
  void operator()(const Base* object) const noexcept { destroy_(slab_, object); }

 private:
  void* slab_ = nullptr;
  void (*destroy_)(void*, const Base*) noexcept = nullptr;
};

/// An owner of an object of any slab by its base class: takes an `Owner` as std::unique_ptr<Base>
/// takes a std::unique_ptr<T>.
template <class Base>
using BaseOwner = std::unique_ptr<Base, BaseDeleter<Base>>;

template <class Slab>
struct OwnerOfSlab;
/// Of a slab of `T`, which may be incomplete still.
template <template <class, class> class Slab, class T, class Config>
struct OwnerOfSlab<Slab<T, Config>> {
  /// The type of the owner.
  using type = std::unique_ptr<T, SlabDeleter<T, Slab<T, Config>>>;
};

/// The owner of an object of a slab, such as `OwnerOf<CachedSlab<Node>>`: the type `Owner` of that
/// slab, but where `T` is incomplete still, as inside of `Node`.
template <class Slab>
using OwnerOf = typename OwnerOfSlab<Slab>::type;

/// Zeroed blocks and whole objects on top of a slab's blocks. `Derived` supplies `allocate()`,
/// `deallocate(pointer)`, `begin_destroy(pointer)` and `end_destroy(pointer)`; thread safety is
/// theirs. Zeros are written, and the object's constructor and destructor run, outside any lock.
template <class T, class Derived>
class ObjectFactory {
 public:
  /// What an owner ends its object with.
  using Deleter = SlabDeleter<T, Derived>;
  /// Owns an object: at its end the object ends and its block goes back.
  using Owner = std::unique_ptr<T, Deleter>;

  /// As `allocate()`, with every byte of the block zero: O(block size). They are written always,
  /// since what a backing grants need not be zero, and a slot that was used before is not. Errors:
  /// those of `allocate`.
  [[nodiscard]] std::expected<Block, AllocError> allocate_zeroed() noexcept {
    const std::expected<Block, AllocError> block = self().allocate();
    if (block) std::memset(block->data, 0, block->size);
    return block;
  }

  /// A new object. If its constructor throws, the block is given back and the exception goes on.
  /// Errors: those of `allocate`.
  template <class... Arguments>
  [[nodiscard]] std::expected<T*, AllocError> create(Arguments&&... arguments) {
    const std::expected<Block, AllocError> block = self().allocate();
    if (!block) return std::unexpected(block.error());
    Reservation reservation{self(), block->data};
    T* const object = construct(block->data, std::forward<Arguments>(arguments)...);
    reservation.data = nullptr;
    return object;
  }

  /// Ends an object that `create` made. `object` may be null.
  ///
  /// A pointer that cannot be such an object is counted, reported to `Config::Misuse`, and not
  /// touched: its destructor does not run. With `SlotStates` that is every pointer to anything but
  /// a live block, and of two threads that destroy one object one is refused; otherwise a foreign
  /// or misaligned one (property S13). The block goes back after the destructor has returned.
  void destroy(const T* object) noexcept {
    if (object == nullptr || !self().begin_destroy(object)) return;
    std::destroy_at(object);
    self().end_destroy(object);
  }

  /// As `create`, with an owner that destroys the object. The slab must outlive it; so a slab in
  /// static storage whose objects may live after `main` is best a `NeverDestroyed` one.
  template <class... Arguments>
  [[nodiscard]] std::expected<Owner, AllocError> make_unique(Arguments&&... arguments) {
    const std::expected<T*, AllocError> object = create(std::forward<Arguments>(arguments)...);
    if (!object) return std::unexpected(object.error());
    return Owner(*object, Deleter(self()));
  }

 private:
  friend Derived;
  ObjectFactory() = default;

  struct Reservation {
    Derived& slab;
    std::byte* data;
    ~Reservation() {
      if (data != nullptr) slab.deallocate(data);
    }
  };

  /// Elements of an array are made from the arguments, as many as there are.
  template <class... Arguments>
  static T* construct(void* place, Arguments&&... arguments) {
    if constexpr (std::is_array_v<T>) {
      ::new (place) T{std::forward<Arguments>(arguments)...};
      return std::launder(static_cast<T*>(place));
    } else {
      return ::new (place) T(std::forward<Arguments>(arguments)...);
    }
  }

  Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace slabproof

#endif  // SLABPROOF_OBJECT_FACTORY_H_
