#ifndef SLABPROOF_ALLOCATOR_H_
#define SLABPROOF_ALLOCATOR_H_

#include <cstddef>
#include <memory_resource>
#include <type_traits>

#include "slabproof/layout.h"
#include "slabproof/slab_resource.h"

namespace slabproof {

/// An allocator as the standard library defines them, for containers with nodes and for
/// std::allocate_shared. It refers to a `slab_resource`, which is where the slabs are:
///
///     slabproof::slab_resource memory;
///     std::list<Order, slabproof::allocator<Order>> orders(&memory);
///
/// A single object gets a block of its size class; an object that no class fits, and every array,
/// comes from the upstream resource of that resource. So the nodes of a hash table are in a slab
/// and its buckets are not.
///
/// There is no default: slabs that no one names would be a static variable, with no time at which
/// it may end. So a container is constructed with an allocator, or with a pointer to a resource.
///
/// Allocators are equal if they refer to the same resource. Move assignment and `swap` of
/// containers take the allocator along, so they move no element, and `swap` is defined for all;
/// after them a container may need a resource that lives longer than the one it was made with. A
/// copy of a container has the same resource, and a container that is assigned a copy keeps its
/// own. Nodes may be spliced and merged between containers with equal allocators only.
///
/// `U` may be incomplete where the container allows it. The resource must outlive the allocator,
/// its copies, and what they have allocated: of std::allocate_shared until the last std::weak_ptr.
///
/// Thread safety and errors: those of the resource. Without exceptions, see there.
template <class U, class Resource = slab_resource>
class allocator {
 public:
  /// What it allocates.
  using value_type = U;
  /// A container that is assigned a copy keeps its own resource.
  using propagate_on_container_copy_assignment = std::false_type;
  /// Move assignment takes the resource along, and moves no element.
  using propagate_on_container_move_assignment = std::true_type;
  /// So does `swap`.
  using propagate_on_container_swap = std::true_type;
  /// Allocators of two resources are not equal.
  using is_always_equal = std::false_type;

  /// `resource` may not be null. Implicit, as that of std::pmr::polymorphic_allocator is.
  explicit(false) allocator(Resource* resource) noexcept : resource_(resource) {}
  /// Of the same resource, for another type, as containers with nodes need.
  template <class V>
  explicit(false) allocator(const allocator<V, Resource>& other) noexcept
      : resource_(other.resource()) {}

  /// Memory for `count` objects. Throws std::bad_alloc, also where no address space has so many.
  [[nodiscard]] U* allocate(std::size_t count) {
    if (count == 1) return static_cast<U*>(resource_->allocate(Layout::of<U>()));
    return for_arrays().allocate(count);
  }

  /// Gives back what `allocate(count)` returned.
  void deallocate(U* objects, std::size_t count) noexcept {
    if (count == 1) {
      resource_->deallocate(objects, Layout::of<U>());
    } else {
      for_arrays().deallocate(objects, count);
    }
  }

  /// Where the memory comes from.
  [[nodiscard]] Resource* resource() const noexcept { return resource_; }

  /// Whether memory of one may be given back to the other: they have one resource.
  template <class V>
  [[nodiscard]] bool operator==(const allocator<V, Resource>& other) const noexcept {
    return resource_ == other.resource();
  }

 private:
  [[nodiscard]] std::pmr::polymorphic_allocator<U> for_arrays() const noexcept {
    return resource_->upstream_resource();
  }

  Resource* resource_;
};

}  // namespace slabproof

#endif  // SLABPROOF_ALLOCATOR_H_
