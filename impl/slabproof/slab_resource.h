#ifndef SLABPROOF_SLAB_RESOURCE_H_
#define SLABPROOF_SLAB_RESOURCE_H_

#include <concepts>
#include <cstddef>
#include <expected>
#include <memory>
#include <memory_resource>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_allocator.h"
#include "slabproof/layout.h"
#include "slabproof/object_factory.h"
#include "slabproof/size_classed.h"
#include "slabproof/size_classes.h"

namespace slabproof {

/// Classes for the nodes of containers and for objects with a count of their owners. Up to 48 bytes
/// nothing is lost to a size that is a multiple of 8; up to 128 bytes at most a quarter of a block,
/// and beyond at most a third.
using NodeClasses = SizeClasses<16, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512>;

/// A `std::pmr::memory_resource` over slabs, and the place where an `allocator` has them:
///
///     slabproof::slab_resource memory;
///     std::pmr::map<int, Order> orders(&memory);
///     auto order = memory.make_shared<Order>(42, "GOOG");
///
/// `Slabs` is a `SizeClassed`, or a wrapper of one, such as a `Statistics`: an allocator that
/// answers `kUnsupportedLayout` to each request for which its `block_size` is 0, and to no other.
/// Such requests, larger or more aligned than the blocks of every class, go to the upstream
/// resource, as do those of no bytes. Of the others none does: a slab takes its segments from the
/// `Config::Backing` of its own, and gets one only when its class meets its first request.
///
/// With `SizeClassed<NodeClasses, CachedSlab>` each thread has a cache of each class that it uses;
/// with `SizeClassed<NodeClasses, ExtendableSlab, HardenedConfig>` bad pointers are refused.
///
/// Two resources are equal if they are the same object. A resource must outlive what it hands out,
/// an object of `make_shared` until the last std::weak_ptr to it is gone. Its end does not run
/// destructors of objects still live, and it does not give back blocks of the upstream resource
/// that nobody gave back.
///
/// Errors: where a slab is out of memory or at a limit, `allocate` and what builds on it throw
/// std::bad_alloc, as std::pmr::null_memory_resource does. A program without exceptions ends there
/// with std::terminate. A bad pointer is treated as the slab of its class does.
///
/// Thread safety: that of the slabs and of the upstream resource: with `ExtendableSlab` any
/// operation from any thread at any time, but for construction and destruction.
///
/// Complexity: that of the slabs, and O(classes) comparisons for each request whose size the
/// compiler does not know.
template <SizedBlocks Slabs = SizeClassed<NodeClasses>>
class basic_slab_resource final : public std::pmr::memory_resource {
 public:
  /// The slabs, one for each class of sizes.
  using slabs_type = Slabs;

  /// The bytes of a segment, where the constructor gets no argument for the slabs.
  static constexpr std::size_t kSegmentBytes = 0x10000;

  /// With the default resource of the process as it is now, as the pools of the standard library.
  basic_slab_resource() noexcept
    requires std::constructible_from<Slabs, std::size_t>
      : basic_slab_resource(std::pmr::get_default_resource()) {}

  /// `upstream` must outlive the resource and may not be null. To refuse what no class fits, name
  /// std::pmr::null_memory_resource().
  explicit basic_slab_resource(std::pmr::memory_resource* upstream) noexcept
    requires std::constructible_from<Slabs, std::size_t>
      // A copy: a reference to the constant would make it a symbol.
      : basic_slab_resource(upstream, std::size_t{kSegmentBytes}) {}

  /// With the arguments of a constructor of `Slabs`; the first of a `SizeClassed` is the bytes of
  /// the slots of a segment.
  template <class... Arguments>
    requires(sizeof...(Arguments) > 0 && std::constructible_from<Slabs, Arguments...>)
  explicit basic_slab_resource(std::pmr::memory_resource* upstream, Arguments&&... arguments)
      : upstream_(upstream), slabs_(std::forward<Arguments>(arguments)...) {}

  basic_slab_resource(const basic_slab_resource&) = delete;
  basic_slab_resource& operator=(const basic_slab_resource&) = delete;
  ~basic_slab_resource() override = default;

  /// Where requests go that no class fits.
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }

  /// For `trim`, `stats` and the like.
  [[nodiscard]] Slabs& slabs() noexcept { return slabs_; }
  /// For statistics, `trim` and the like.
  [[nodiscard]] const Slabs& slabs() const noexcept { return slabs_; }

  using std::pmr::memory_resource::allocate;
  using std::pmr::memory_resource::deallocate;

  /// As `allocate(request.size(), request.alignment())`, but without a virtual call, and without
  /// comparisons where the compiler knows `request`.
  [[nodiscard]] void* allocate(Layout request) {
    const std::expected<Block, AllocError> block = slabs_.allocate(request);
    if (block) [[likely]]
      return block->data;
    std::pmr::memory_resource* const next = block.error() == AllocError::kUnsupportedLayout
                                                ? upstream_
                                                : std::pmr::null_memory_resource();
    return next->allocate(request.size(), request.alignment());
  }

  /// As `deallocate(pointer, request.size(), request.alignment())`, likewise.
  void deallocate(void* pointer, Layout request) noexcept {
    if (slabs_.block_size(pointer, request) != 0) [[likely]] {
      slabs_.deallocate(pointer, request);
    } else {
      upstream_->deallocate(pointer, request.size(), request.alignment());
    }
  }

  /// An object with an owner that destroys it, which a `BaseOwner` takes as well. A `T` that uses a
  /// std::pmr allocator gets one of this resource. Throws what the constructor of `T` throws.
  template <class T, class... Arguments>
  [[nodiscard]] std::unique_ptr<T, SlabDeleter<T, basic_slab_resource>> make_unique(
      Arguments&&... arguments) {
    std::pmr::polymorphic_allocator<> allocator(this);
    using Deleter = SlabDeleter<T, basic_slab_resource>;
    return {allocator.template new_object<T>(std::forward<Arguments>(arguments)...),
            Deleter(*this)};
  }

  /// The same with a count of its owners, which lies in the same block.
  template <class T, class... Arguments>
  [[nodiscard]] std::shared_ptr<T> make_shared(Arguments&&... arguments) {
    return std::allocate_shared<T>(std::pmr::polymorphic_allocator<T>(this),
                                   std::forward<Arguments>(arguments)...);
  }

  /// Ends an object of `make_unique` whose owner was released; nothing for null. `T` is the type
  /// that it was made as. The destructor runs before anyone looks at the pointer:
  /// `ExtendableSlab::destroy` looks first.
  template <class T>
  void destroy(const T* object) noexcept {
    if (object == nullptr) return;
    std::destroy_at(object);
    deallocate(const_cast<T*>(object), Layout::of<T>());
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::expected<Layout, AllocError> request = Layout::make(bytes, alignment);
    return request ? allocate(*request) : upstream_->allocate(bytes, alignment);
  }
  void do_deallocate(void* pointer, std::size_t bytes, std::size_t alignment) override {
    const std::expected<Layout, AllocError> request = Layout::make(bytes, alignment);
    if (request) {
      deallocate(pointer, *request);
    } else {
      upstream_->deallocate(pointer, bytes, alignment);
    }
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
  Slabs slabs_;
};

/// On slabs of any threads for the sizes of `NodeClasses`.
using slab_resource = basic_slab_resource<>;

}  // namespace slabproof

#endif  // SLABPROOF_SLAB_RESOURCE_H_
