#ifndef SLABPROOF_SIZE_CLASSED_H_
#define SLABPROOF_SIZE_CLASSED_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <tuple>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_allocator.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
#include "slabproof/size_classes.h"

namespace slabproof {

/// What a slab of one size class is a slab of.
template <std::size_t kSize, std::size_t kAlignment>
struct alignas(kAlignment) SizeClassSlot {
  /// The storage of one block of the class.
  std::array<std::byte, kSize> bytes;
};

/// An allocator of several sizes: a slab for each class of `Classes`, and each request goes to the
/// first class whose blocks are large and aligned enough.
///
///     slabproof::SizeClassed<slabproof::GeometricClasses<16, 4096>> memory(1 << 16);
///
/// A request larger or more aligned than the blocks of every class is refused. Nothing is taken
/// from another class where one is out.
///
/// All slabs are members, so construction takes no memory where that of `SlabTemplate` takes none:
/// not of an `ExtendableSlab` or a `CachedSlab`, but of a `Slab`.
///
/// Thread safety: that of the slabs. Nothing throws.
template <class Classes, template <class, class> class SlabTemplate = ExtendableSlab,
          class Config = DefaultConfig>
class SizeClassed {
  template <std::size_t kIndex>
  using Slot = SizeClassSlot<Classes::sizes[kIndex], Classes::alignment(Classes::sizes[kIndex])>;
  template <std::size_t kIndex>
  using SlabOfClass = SlabTemplate<Slot<kIndex>, Config>;

  template <class Sequence>
  struct Slabs;
  template <std::size_t... kIndex>
  struct Slabs<std::index_sequence<kIndex...>> {
    using Tuple = std::tuple<SlabOfClass<kIndex>...>;
  };
  using Tuple = typename Slabs<std::make_index_sequence<Classes::count>>::Tuple;

 public:
  /// The sync policy, that of each slab.
  using Sync = typename Config::Sync;
  /// Whether the slabs grow, or are of a fixed capacity.
  static constexpr bool grows = slabproof::grows<SlabOfClass<0>>();

  /// The segments of each class have about `segment_bytes` of slots, and at least one slot. Of a
  /// `Slab`, all slots of a class have that.
  explicit SizeClassed(std::size_t segment_bytes) noexcept
      : SizeClassed(segment_bytes, std::make_index_sequence<Classes::count>()) {}
  SizeClassed(const SizeClassed&) = delete;
  SizeClassed& operator=(const SizeClassed&) = delete;

  /// What went wrong on construction of the first class for which something did.
  [[nodiscard]] std::optional<AllocError> error() const noexcept {
    std::optional<AllocError> found;
    for_each_class([&found](const auto& slab) {
      if (!found) found = slab.error();
    });
    return found;
  }

  /// A block of the first class that fits. O(classes) comparisons, none where the compiler knows
  /// `request`, and then as the slab of that class.
  /// Errors: `kUnsupportedLayout` where none fits; otherwise those of its slab.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    std::expected<Block, AllocError> block = std::unexpected(AllocError::kUnsupportedLayout);
    in_class_for(*this, request, [&block](auto& slab) { block = slab.allocate(); });
    return block;
  }

  /// Gives a block back that was allocated for `request`, or for another one of the same class. A
  /// pointer that the slab of that class refuses is treated as its `deallocate` does. Of null, and
  /// where no class fits `request`, nothing happens, and the result is false.
  bool deallocate(const void* pointer, Layout request) noexcept {
    bool accepted = false;
    in_class_for(*this, request,
                 [&accepted, pointer](auto& slab) { accepted = slab.deallocate(pointer); });
    return accepted;
  }

  /// The size of a block that was allocated for `request`: that of its class, or more where a slot
  /// of its slab is larger. 0 where no class fits.
  [[nodiscard]] std::size_t block_size(const void* /*pointer*/, Layout request) const noexcept {
    std::size_t size = 0;
    in_class_for(*this, request,
                 [&size](const auto& slab) { size = std::size_t{slab.block_size}; });
    return size;
  }

  /// The bytes that the owner of the block at `pointer` may use, or nothing for a pointer that is
  /// no slot of any class. Asks one slab after another.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    std::optional<std::size_t> found;
    for_each_class([&found, pointer](const auto& slab) {
      if (!found) found = slab.usable_size(pointer);
    });
    return found;
  }

  /// Whether a slab of some class has `pointer`; see `owns`.
  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    bool found = false;
    for_each_class([&found, pointer](const auto& slab) { found = found || owns(slab, pointer); });
    return found;
  }

  /// Of all classes.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    std::size_t bytes = 0;
    for_each_class([&bytes](const auto& slab) { bytes += slab.capacity_bytes(); });
    return bytes;
  }

  /// Calls `action` with the slab of each class, from the smallest: for `trim`, `stats` and the
  /// like.
  template <class Action>
  void for_each_class(Action action) {
    std::apply([&action](auto&... slabs) { (action(slabs), ...); }, slabs_);
  }
  /// Calls `action` with the slab of each class, the smallest first.
  template <class Action>
  void for_each_class(Action action) const {
    std::apply([&action](const auto&... slabs) { (action(slabs), ...); }, slabs_);
  }

 private:
  template <std::size_t... kIndex>
  SizeClassed(std::size_t segment_bytes, std::index_sequence<kIndex...> /*classes*/) noexcept
      : slabs_((std::max)(segment_bytes / SlabOfClass<kIndex>::stride, std::size_t{1})...) {}

  /// Calls `action` with the slab of the first class that fits, if one does.
  template <class Self, class Action>
  static void in_class_for(Self& self, Layout request, Action action) noexcept {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      static_cast<void>(((request.fits(sizeof(Slot<kIndex>), alignof(Slot<kIndex>)) &&
                          (action(std::get<kIndex>(self.slabs_)), true)) ||
                         ...));
    }(std::make_index_sequence<Classes::count>());
  }

  Tuple slabs_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SIZE_CLASSED_H_
