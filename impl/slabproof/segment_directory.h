#ifndef SLABPROOF_SEGMENT_DIRECTORY_H_
#define SLABPROOF_SEGMENT_DIRECTORY_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/address.h"
#include "slabproof/alloc_error.h"
#include "slabproof/layout.h"
#include "slabproof/open_set.h"

namespace slabproof {

/// The segments of a growable slab: by index in the order of installation, by address, and the
/// set of those that have room. Every operation is O(1) (`route` and `install` expected, over the
/// hash of an address).
///
/// The table never moves. It widens by whole extents, each of which doubles the room or more, and
/// what was there stays where it was; so however many segments there are, no operation under the
/// lock copies a table. The route from an address is a linear hash table (Litwin, "Linear hashing:
/// a new tool for file and table addressing", VLDB 1980): one bucket for each segment, and
/// installing a segment splits exactly one bucket.
///
/// Segments begin anywhere, and all have the same size. The key is a frame: an address without its
/// low bits, where a frame is the least power of two that is not less than a segment. Each segment
/// is in the table once, for the frame in which it begins; an address that it holds lies in that
/// frame or in the next. So a route looks for the address's own frame and then, for less than half
/// of all addresses, for the one before. At most two segments begin in one frame. To enter each
/// segment for every frame that it touches would save the second look, and make every chain twice
/// as long; chunks that are aligned to their size would lead to a segment by arithmetic, and waste
/// up to half of the address space.
///
/// Chains are kept here and not in the segments: a route touches no segment but the one it finds.
///
/// Not thread safe by itself: guarded by the slab's lock. `Extent::build` is not part of that; it
/// calls the backing and so runs without the lock.
template <class Segment, class Config>
class SegmentDirectory {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;

  /// Two things that have the same index: a segment, and a bucket. The chain of a bucket leads from
  /// segment to segment by index, where 0 ends it and others count from 1.
  struct Entry {
    Segment* segment = nullptr;
    Segment* first = nullptr;       ///< of the bucket's chain
    std::uint32_t first_index = 0;  ///< of the same
    std::uint32_t next_index = 0;   ///< what comes behind the segment in the chain that it is in
  };
  using EntryVar = typename Sync::template Var<Entry>;
  using Leaf = typename OpenSet<Sync>::Leaf;

 public:
  static constexpr std::uint32_t kMaxSegments = OpenSet<Sync>::kMaxMembers;

  /// Room for the segments [first, last), in a region of its own: this header, the entries, the
  /// leaf words of the open set.
  class Extent {
   public:
    /// Ends an extent and gives its region back.
    struct Release {
      void operator()(Extent* extent) const noexcept {
        const Shape shape = extent->shape_.read();
        std::destroy_n(extent->entries(), shape.last - shape.first);
        std::destroy_n(extent->leaves(), OpenSet<Sync>::leaves_needed(shape.first, shape.last));
        const Backing region = std::move(extent->backing_.write());
        std::destroy_at(extent);
      }
    };
    using Owner = std::unique_ptr<Extent, Release>;

    /// Obtains room for the segments [first, at least last). Both are powers of two, or `first` is
    /// 0. What the backing grants beyond the request is used. No lock may be held (property S5).
    /// Errors: `kOutOfMemory` where the backing refuses.
    [[nodiscard]] static std::expected<Owner, AllocError> build(std::uint32_t first,
                                                                std::uint32_t last) noexcept {
      const auto request = Layout::make(bytes(first, last), kAlignment);
      if (!request) return std::unexpected(request.error());
      Backing region(*request);
      if (!region) return std::unexpected(AllocError::kOutOfMemory);
      while (last < kMaxSegments && bytes(first, last * 2) <= region.size()) last *= 2;
      void* const place = region.data();
      return Owner(::new (place) Extent(std::move(region), first, last));
    }

    [[nodiscard]] std::uint32_t last() const noexcept { return shape_.read().last; }

    Extent(const Extent&) = delete;
    Extent& operator=(const Extent&) = delete;
    ~Extent() = default;

   private:
    friend SegmentDirectory;
    struct Shape {
      std::uint32_t first;
      std::uint32_t last;
    };
    static constexpr std::size_t kAlignment = 64;

    static constexpr std::size_t leaves_offset() noexcept {
      return (sizeof(Extent) + alignof(Leaf) - 1) & ~(alignof(Leaf) - 1);
    }
    static constexpr std::size_t entries_offset(std::uint32_t first, std::uint32_t last) noexcept {
      const std::size_t end =
          leaves_offset() + OpenSet<Sync>::leaves_needed(first, last) * sizeof(Leaf);
      return (end + alignof(EntryVar) - 1) & ~(alignof(EntryVar) - 1);
    }
    static constexpr std::size_t bytes(std::uint32_t first, std::uint32_t last) noexcept {
      return entries_offset(first, last) + (last - first) * sizeof(EntryVar);
    }

    Extent(Backing region, std::uint32_t first, std::uint32_t last) noexcept
        : backing_(std::move(region)), shape_(Shape{first, last}) {
      Leaf* const leaf = leaves();
      for (std::size_t i = 0; i < OpenSet<Sync>::leaves_needed(first, last); ++i) {
        std::construct_at(leaf + i, std::uint64_t{0});
      }
      EntryVar* const entry = entries();
      for (std::uint32_t i = 0; i < last - first; ++i) std::construct_at(entry + i, Entry{});
    }

    [[nodiscard]] Leaf* leaves() noexcept {
      return reinterpret_cast<Leaf*>(reinterpret_cast<std::byte*>(this) + leaves_offset());
    }
    [[nodiscard]] EntryVar* entries() noexcept {
      const Shape shape = shape_.read();
      return reinterpret_cast<EntryVar*>(reinterpret_cast<std::byte*>(this) +
                                         entries_offset(shape.first, shape.last));
    }

    typename Sync::template Var<Backing> backing_;
    typename Sync::template Var<Shape> shape_;
    typename Sync::template Var<Extent*> next_{static_cast<Extent*>(nullptr)};
  };

  /// `segment_size`: bytes of every segment, at most `kMaxRegionBytes`.
  explicit constexpr SegmentDirectory(std::size_t segment_size) noexcept
      : segment_size_(segment_size),
        frame_shift_(static_cast<std::uint32_t>(std::countr_zero(std::bit_ceil(segment_size)))) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Segments that fit before the directory must widen: 0 or a power of two.
  [[nodiscard]] std::uint32_t room() const noexcept { return room_; }
  [[nodiscard]] OpenSet<Sync>& open() noexcept { return open_; }
  [[nodiscard]] const OpenSet<Sync>& open() const noexcept { return open_; }

  /// The segment of an index. Requires index < size().
  [[nodiscard]] Segment& at(std::uint32_t index) const noexcept {
    return *entry(index).read().segment;
  }

  /// Takes over an extent that was built for the room of an earlier moment. Requires that it is
  /// wider than the room now. What it holds below the present room stays unused.
  void adopt(typename Extent::Owner owned) noexcept {
    Extent& extent = *owned.release();
    const auto [first, last] = extent.shape_.read();
    for (std::uint32_t start = room_; start < last; start = start == 0 ? 1 : start * 2) {
      // An int, but in older libraries of the type of its argument.
      const auto chunk = static_cast<std::ptrdiff_t>(std::bit_width(start));
      chunks_.data()[chunk] = extent.entries() + (start - first);
    }
    Leaf* const leaves = extent.leaves() + OpenSet<Sync>::leaves_needed(first, room_);
    open_.widen(room_, last, leaves);
    room_ = last;
    extent.next_.write() = extents_;
    extents_ = &extent;
  }

  /// Appends a segment, which gets the index size(). Requires size() < room(). The caller says
  /// whether it has room by way of `open()`.
  void install(Segment& segment) noexcept {
    const std::uint32_t index = size_++;
    bucket_mask_ = std::bit_ceil(size_) - 1;
    split_bucket(index);
    entry(index).write().segment = &segment;
    segment.record.write().index = index;
    push_on_bucket(segment, index);
  }

  /// Whether `pointer`, which may be any value, lies in a segment.
  [[nodiscard]] bool holds(const Segment& segment, const void* pointer) const noexcept {
    return lies_in(pointer, &segment, segment_size_);
  }

  /// The segment that holds `pointer`, or null. Any pointer value will do.
  [[nodiscard]] Segment* route(const void* pointer) const noexcept {
    if (size_ == 0) return nullptr;
    const std::uint64_t frame = address_of(pointer) >> frame_shift_;
    if (Segment* const segment = find_in(frame, pointer); segment != nullptr) return segment;
    return frame == 0 ? nullptr : find_in(frame - 1, pointer);
  }

  /// Gives every extent back. Nothing else may be called afterwards; no lock may be held.
  void tear_down() noexcept {
    while (extents_ != nullptr) {
      const typename Extent::Owner extent(extents_);
      extents_ = extent->next_.read();
    }
  }

 private:
  /// Entries 2^(c-1) to 2^c - 1 lie together in chunk c; entry 0 is chunk 0.
  static constexpr std::size_t kChunks = std::bit_width(kMaxSegments - 1) + 1;

  [[nodiscard]] EntryVar& entry(std::uint32_t index) const noexcept {
    // The width of `index`; the bit below it is set, so that no processor need treat 0 apart.
    const auto chunk = static_cast<std::uint32_t>(31 - std::countl_zero(index << 1 | 1));
    return chunks_[chunk][index & ((std::uint32_t{1} << chunk) - 1) >> 1];
  }

  [[nodiscard]] std::uint64_t frame_of(const Segment& segment) const noexcept {
    return address_of(&segment) >> frame_shift_;
  }

  /// Multiplicative hashing: neighbouring segments, and segments that two slabs map in turn, spread
  /// over the low bits that linear hashing uses. The bits 32 to 63 of the product with the golden
  /// ratio 0x9e3779b97f4a7c15, of which no part overflows.
  static constexpr std::uint32_t hash_of(std::uint64_t frame) noexcept {
    constexpr std::uint64_t kLow = 0x7f4a7c15;
    constexpr std::uint64_t kHigh = 0x9e3779b9;
    constexpr std::uint64_t kMask = 0xffffffff;
    const std::uint64_t sum = ((frame & kMask) * kLow >> 32) + ((frame & kMask) * kHigh & kMask) +
                              ((frame >> 32) * kLow & kMask);
    return static_cast<std::uint32_t>(sum & kMask);
  }

  /// The bucket of a hash among size_ of them, more than 0: as many low bits as name a bucket.
  [[nodiscard]] std::uint32_t bucket_of(std::uint32_t hash) const noexcept {
    const std::uint32_t wide = hash & bucket_mask_;
    return wide < size_ ? wide : wide & bucket_mask_ >> 1;
  }

  /// Among the segments that begin in `frame`, the one that holds `pointer`; null for none.
  [[nodiscard]] Segment* find_in(std::uint64_t frame, const void* pointer) const noexcept {
    const Entry& bucket = entry(bucket_of(hash_of(frame))).read();
    if (bucket.first == nullptr || holds(*bucket.first, pointer)) return bucket.first;
    return find_behind(bucket.first_index, pointer);
  }

  /// The same among those that a chain has behind an index, counted from 1.
  [[gnu::noinline]] Segment* find_behind(std::uint32_t index, const void* pointer) const noexcept {
    while ((index = entry(index - 1).read().next_index) != 0) {
      Segment* const segment = entry(index - 1).read().segment;
      if (holds(*segment, pointer)) return segment;
    }
    return nullptr;
  }

  /// Moves to bucket `added` the segments that its companion held for it. Requires that the buckets
  /// [0, added) were in use and size_ is added + 1.
  void split_bucket(std::uint32_t added) noexcept {
    if (added == 0) return;
    Entry& companion = entry(added - std::bit_floor(added)).write();
    companion.first = nullptr;
    std::uint32_t index = std::exchange(companion.first_index, 0);
    while (index != 0) {
      const Entry& moved = entry(index - 1).read();
      const std::uint32_t next = moved.next_index;
      push_on_bucket(*moved.segment, index - 1);
      index = next;
    }
  }

  /// Puts the segment of an index on the chain of its bucket among size_ of them.
  void push_on_bucket(Segment& segment, std::uint32_t index) noexcept {
    Entry& bucket = entry(bucket_of(hash_of(frame_of(segment)))).write();
    bucket.first = &segment;
    const std::uint32_t next = std::exchange(bucket.first_index, index + 1);
    entry(index).write().next_index = next;
  }

  std::size_t segment_size_;
  std::uint32_t frame_shift_;
  std::uint32_t size_ = 0;
  std::uint32_t bucket_mask_ = 0;  ///< bit_ceil(size_) - 1
  std::uint32_t room_ = 0;
  Extent* extents_ = nullptr;
  std::array<EntryVar*, kChunks> chunks_{};
  OpenSet<Sync> open_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_DIRECTORY_H_
