#ifndef SLABPROOF_FUZZ_SLAB_ANY_SLAB_H_
#define SLABPROOF_FUZZ_SLAB_ANY_SLAB_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/random.h"
#include "fuzz/slab/refusable_backing.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/siphash_mac.h"
#include "slabproof/slab.h"

namespace slabproof::fuzz {

/// What the slabs of this process told their misuse policy; set to `{}` before each input.
struct MisuseTally {
  std::array<std::uint64_t, 3> reports{};  ///< by `MisuseKind`
  const void* last_pointer = nullptr;
};
inline MisuseTally misuse_tally;

struct RecordMisuse {
  static void report(MisuseKind kind, const void* pointer, const void* /*slab*/) noexcept {
    ++misuse_tally.reports[static_cast<std::size_t>(kind)];
    misuse_tally.last_pointer = pointer;
  }
};

/// Where the keys of `SipHashMac` come from, one for each segment. Seeded from the input: runs
/// repeat, yet a fuzzer that sees a tag in one input has learnt nothing for the next.
inline Random key_source(0);

/// Makes `key_source` depend on every byte of the input (by FNV-1a), and forgets all tallies.
inline void begin_input(Bytes input) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 0x100000001b3;
  key_source = Random(hash);
  backing_tally = {};
  misuse_tally = {};
}

/// What a slab is, as far as its user must know.
struct SlabTraits {
  std::string_view name;
  std::size_t stride = 0;
  std::size_t slot_alignment = 0;
  bool grows = true;
  bool tracks_slots = false;   ///< notices every second free
  bool seals_links = false;    ///< notices every altered link
  std::size_t link_bytes = 0;  ///< how much of a free slot is the slab's own
  /// Segments lie at multiples of this. 0 for a slab of fixed capacity, or an impossible one.
  std::size_t region_alignment = 0;
};

/// Which of the calls that obtain one block.
enum class AllocateCall : std::uint8_t { kPlain, kLayout, kCreate, kMakeUnique, kZeroed };

/// Any slab of the library behind one face. See the slabs for what the functions mean.
class AnySlab {
 public:
  virtual ~AnySlab() = default;

  [[nodiscard]] virtual SlabTraits traits() const = 0;
  [[nodiscard]] virtual std::optional<AllocError> error() const = 0;
  [[nodiscard]] virtual std::expected<Block, AllocError> allocate(AllocateCall call) = 0;
  /// Asks for more bytes, or for a stricter alignment, than any slot has.
  [[nodiscard]] virtual std::expected<Block, AllocError> allocate_unsupported(bool alignment) = 0;
  [[nodiscard]] virtual std::expected<std::size_t, AllocError> allocate_batch(
      std::span<Block> blocks) = 0;
  virtual bool deallocate(void* pointer) = 0;
  /// Ends an object that lies in the block, which also gives the block back.
  virtual void destroy(void* pointer) = 0;
  virtual std::size_t deallocate_batch(std::span<void* const> pointers) = 0;
  [[nodiscard]] virtual std::optional<std::size_t> usable_size(const void* pointer) const = 0;
  [[nodiscard]] virtual std::size_t capacity_bytes() const = 0;
  [[nodiscard]] virtual std::size_t segment_count() const = 0;
  /// A slab of fixed capacity keeps no such counters, but for `live` and the sum of events.
  [[nodiscard]] virtual std::optional<SlabStats> stats() const = 0;
  [[nodiscard]] virtual std::uint64_t corruption_events() const = 0;
  virtual std::size_t trim() = 0;
};

/// An element of `size` bytes, all of them the user's.
template <std::size_t size, std::size_t alignment>
struct alignas(alignment) Element {
  std::array<std::byte, size> bytes;
};

template <class Backing_, class Protection_, Recheck recheck_ = Recheck::kAllSegments>
struct FuzzConfig : DefaultConfig {
  using Backing = Backing_;
  using Protection = Protection_;
  using Misuse = RecordMisuse;
  static constexpr Recheck recheck = recheck_;
};

inline SipHashMac::Key next_key() noexcept {
  const std::uint64_t first = key_source.next();
  return {first, key_source.next()};
}

/// Every protection, with a key from `key_source` where it has one.
template <class Protection>
Protection keyed_protection() noexcept {
  if constexpr (std::is_same_v<Protection, SipHashMac>) {
    return SipHashMac(next_key());
  } else if constexpr (std::is_same_v<Protection, SlotStates<SipHashMac>>) {
    return SlotStates<SipHashMac>{SipHashMac(next_key())};
  } else {
    return Protection::make();
  }
}

/// The calls that all slabs share.
template <class Slab>
class SlabAdapter : public AnySlab {
  using T = typename Slab::value_type;

 public:
  template <class... Arguments>
  explicit SlabAdapter(Arguments... arguments) : slab_(arguments...) {}

  [[nodiscard]] std::optional<AllocError> error() const override { return slab_.error(); }
  [[nodiscard]] std::expected<Block, AllocError> allocate(AllocateCall call) override {
    switch (call) {
      case AllocateCall::kPlain:
        return slab_.allocate();
      case AllocateCall::kLayout:
        return slab_.allocate(Layout::of<T>());
      case AllocateCall::kZeroed:
        return slab_.allocate_zeroed();
      case AllocateCall::kCreate:
        return block_of(slab_.create());
      case AllocateCall::kMakeUnique:
        auto owner = slab_.make_unique();
        if (!owner) return std::unexpected(owner.error());
        return block_of(owner->release());
    }
    return std::unexpected(AllocError::kInvalidLayout);
  }
  [[nodiscard]] std::expected<Block, AllocError> allocate_unsupported(bool alignment) override {
    const SlabTraits facts = traits();
    return slab_.allocate(alignment ? Layout::make(1, facts.slot_alignment * 2).value()
                                    : Layout::make(facts.stride + 1, 1).value());
  }
  bool deallocate(void* pointer) override { return slab_.deallocate(pointer); }
  void destroy(void* pointer) override { slab_.destroy(static_cast<T*>(pointer)); }
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const override {
    return slab_.usable_size(pointer);
  }
  [[nodiscard]] std::size_t capacity_bytes() const override { return slab_.capacity_bytes(); }
  [[nodiscard]] std::uint64_t corruption_events() const override {
    return slab_.corruption_events();
  }

 protected:
  [[nodiscard]] std::expected<Block, AllocError> block_of(std::expected<T*, AllocError> object) {
    if (!object) return std::unexpected(object.error());
    return Block{reinterpret_cast<std::byte*>(*object), traits().stride};
  }

  Slab slab_;
};

template <class T, class Config>
SlabTraits traits_of(std::string_view name) {
  using Protection = typename Config::Protection;
  using Freelist = SlotFreelist<T, Config>;
  SlabTraits traits;
  traits.name = name;
  traits.stride = Freelist::stride;
  traits.slot_alignment = Freelist::slot_alignment;
  traits.tracks_slots = Protection::tracks_slots;
  traits.seals_links = std::is_base_of_v<SipHashMac, Protection>;
  traits.link_bytes = sizeof(std::uint32_t) + (traits.seals_links ? sizeof(SipHashMac::Tag) : 0);
  return traits;
}

template <class T, class Config>
class GrowableAdapter final : public SlabAdapter<ExtendableSlab<T, Config>> {
 public:
  GrowableAdapter(std::string_view name, std::size_t capacity, InitialSegments initial)
      : SlabAdapter<ExtendableSlab<T, Config>>(capacity, initial,
                                               &keyed_protection<typename Config::Protection>),
        traits_(traits_of<T, Config>(name)) {
    const auto plan = Segment<T, Config>::plan(capacity);
    if (plan) traits_.region_alignment = plan->region.alignment();
  }

  [[nodiscard]] SlabTraits traits() const override { return traits_; }
  [[nodiscard]] std::expected<std::size_t, AllocError> allocate_batch(
      std::span<Block> blocks) override {
    return this->slab_.allocate_batch(blocks);
  }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    return this->slab_.deallocate_batch(pointers);
  }
  [[nodiscard]] std::size_t segment_count() const override { return this->slab_.segment_count(); }
  [[nodiscard]] std::optional<SlabStats> stats() const override { return this->slab_.stats(); }
  std::size_t trim() override { return this->slab_.trim(); }

 private:
  SlabTraits traits_;
};

/// A slab of fixed capacity as a growable one with one segment and a backing that is spent. It has
/// no batches of its own, so a batch is one call after another.
template <class T, class Config>
class FixedAdapter final : public SlabAdapter<Slab<T, Config>> {
 public:
  FixedAdapter(std::string_view name, std::size_t capacity)
      : SlabAdapter<Slab<T, Config>>(capacity, &keyed_protection<typename Config::Protection>),
        traits_(traits_of<T, Config>(name)) {
    traits_.grows = false;
  }

  [[nodiscard]] SlabTraits traits() const override { return traits_; }
  [[nodiscard]] std::expected<std::size_t, AllocError> allocate_batch(
      std::span<Block> blocks) override {
    for (std::size_t served = 0; served < blocks.size(); ++served) {
      const auto block = this->slab_.allocate();
      if (!block && served == 0) return std::unexpected(block.error());
      if (!block) return served;
      blocks[served] = *block;
    }
    return blocks.size();
  }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    std::size_t accepted = 0;
    for (void* const pointer : pointers) accepted += this->slab_.deallocate(pointer) ? 1U : 0U;
    return accepted;
  }
  [[nodiscard]] std::size_t segment_count() const override { return 1; }
  [[nodiscard]] std::optional<SlabStats> stats() const override { return std::nullopt; }
  std::size_t trim() override { return 0; }

 private:
  SlabTraits traits_;
};

/// One kind of slab that a target can make.
struct SlabKind {
  std::string_view name;
  std::unique_ptr<AnySlab> (*make)(std::string_view name, std::size_t capacity,
                                   InitialSegments initial);
};

template <class T, class Config>
constexpr SlabKind growable_kind(std::string_view name) {
  return {name,
          [](std::string_view own_name, std::size_t capacity,
             InitialSegments initial) -> std::unique_ptr<AnySlab> {
            return std::make_unique<GrowableAdapter<T, Config>>(own_name, capacity, initial);
          }};
}

template <class T, class Config>
constexpr SlabKind fixed_kind(std::string_view name) {
  return {name,
          [](std::string_view own_name, std::size_t capacity,
             InitialSegments /*initial*/) -> std::unique_ptr<AnySlab> {
            return std::make_unique<FixedAdapter<T, Config>>(own_name, capacity);
          }};
}

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_ANY_SLAB_H_
