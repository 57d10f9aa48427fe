#ifndef SLABPROOF_OBJECT_FACTORY_H_
#define SLABPROOF_OBJECT_FACTORY_H_

#include <cstddef>
#include <cstring>
#include <expected>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"

namespace slabproof {

/// Zeroed blocks and whole objects on top of a slab's blocks. `Derived` supplies `allocate()`,
/// `deallocate(pointer)`, `begin_destroy(pointer)` and `end_destroy(pointer)`; thread safety is
/// theirs. Zeros are written, and the object's constructor and destructor run, outside any lock.
template <class T, class Derived>
class ObjectFactory {
 public:
  /// Destroys an object and gives its block back to the slab that it came from.
  class Deleter {
   public:
    explicit Deleter(Derived& slab) noexcept : slab_(&slab) {}
    void operator()(T* object) const noexcept { slab_->destroy(object); }

   private:
    Derived* slab_;
  };
  using Owner = std::unique_ptr<T, Deleter>;

  /// As `allocate()`, with every byte of the block zero: O(stride). They are written always, since
  /// what a backing grants need not be zero, and a slot that was used before is not.
  /// Errors: those of `allocate`.
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
    T* const object =
        ::new (static_cast<void*>(block->data)) T(std::forward<Arguments>(arguments)...);
    reservation.data = nullptr;
    return object;
  }

  /// Ends an object that `create` made. `object` may be null.
  ///
  /// A pointer that cannot be such an object is counted, reported to `Config::Misuse`, and not
  /// touched: its destructor does not run. With `SlotStates` that is every pointer to anything but
  /// a live block, and of two threads that destroy one object one is refused; otherwise a foreign
  /// or misaligned one (property S13). The block goes back after the destructor has returned.
  void destroy(T* object) noexcept {
    if (object == nullptr || !self().begin_destroy(object)) return;
    std::destroy_at(object);
    self().end_destroy(object);
  }

  /// As `create`, with an owner that destroys the object. The slab must outlive it.
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

  Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace slabproof

#endif  // SLABPROOF_OBJECT_FACTORY_H_
