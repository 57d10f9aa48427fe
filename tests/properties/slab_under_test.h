#ifndef SLABPROOF_TESTS_PROPERTIES_SLAB_UNDER_TEST_H_
#define SLABPROOF_TESTS_PROPERTIES_SLAB_UNDER_TEST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace slabproof::properties {

/// `AllocError`, and `kNone` for success.
enum class Refusal : std::uint8_t {
  kNone,
  kOutOfMemory,
  kInvalidCapacity,
  kInvalidLayout,
  kLayoutOverflow,
  kUnsupportedLayout,
  kSegmentLimit,
};

[[nodiscard]] const char* to_text(Refusal refusal) noexcept;

/// One block, or why there is none.
struct Handout {
  std::byte* data = nullptr;
  std::size_t size = 0;
  Refusal refusal = Refusal::kNone;
};

struct BatchHandout {
  std::size_t served = 0;
  Refusal refusal = Refusal::kNone;
};

/// What a slab counts, in slots unless said otherwise; `SlabStats` field by field. A fixed slab
/// publishes `capacity`, `live` and the sum of the events only; see `corruption_events`.
struct Counters {
  std::uint64_t segments = 0;
  std::uint64_t capacity = 0;
  std::uint64_t live = 0;
  std::uint64_t peak_live = 0;
  std::uint64_t free = 0;
  std::uint64_t uncarved = 0;
  std::uint64_t abandoned = 0;
  std::uint64_t growers = 0;
  std::uint64_t directory_room = 0;
  std::uint64_t foreign_pointers = 0;
  std::uint64_t misaligned_pointers = 0;
  std::uint64_t repeated_frees = 0;
  std::uint64_t corrupt_links = 0;
};

/// What is known about a slab without looking into it.
struct SlabKind {
  std::string name;  ///< such as "growable all NoProtection mmap 24/8"
  bool growable = true;
  bool recheck_all = true;
  bool tracks_slots = false;  ///< keeps one bit a slot
  bool seals_links = false;   ///< a forged link does not verify
  std::size_t object_size = 0;
  std::size_t object_alignment = 0;
  std::size_t stride = 0;
  std::size_t slot_alignment = 0;
  /// Bytes in whose multiples `trim` gives memory back; 0 for a backing that gives nothing back.
  std::size_t page = 0;
  std::size_t max_region_bytes = 0;  ///< 0 unless the backing is of fixed size
};

/// Any slab of the library behind one interface without templates. It includes no header of the
/// library: an engine that is compiled once can so be linked with the shipped slab, and with each
/// planted bug. What a fixed slab lacks (`allocate_batch`, `trim`, ...) is not to be called on one.
class SlabUnderTest {
 public:
  SlabUnderTest() = default;
  virtual ~SlabUnderTest() = default;
  SlabUnderTest(const SlabUnderTest&) = delete;
  SlabUnderTest& operator=(const SlabUnderTest&) = delete;

  [[nodiscard]] virtual Refusal error() const = 0;
  [[nodiscard]] virtual Handout allocate() = 0;
  [[nodiscard]] virtual Handout allocate_zeroed() = 0;
  [[nodiscard]] virtual Handout allocate(std::size_t size, std::size_t alignment) = 0;
  /// `create`; the object's constructor throws if asked to, which shows as `threw`. Then `data` is
  /// where the object would have been.
  [[nodiscard]] virtual Handout create(bool throwing, bool& threw) = 0;
  /// `make_unique`, and drops the owner at once. `data` is where the object was.
  [[nodiscard]] virtual Handout make_and_drop_unique() = 0;
  virtual void destroy(void* object) = 0;
  virtual bool deallocate(void* pointer) = 0;
  [[nodiscard]] virtual std::optional<std::size_t> usable_size(const void* pointer) const = 0;
  [[nodiscard]] virtual std::size_t capacity_bytes() const = 0;
  [[nodiscard]] virtual std::uint64_t corruption_events() const = 0;
  [[nodiscard]] virtual Counters counters() const = 0;

  // Of a growable slab only.
  [[nodiscard]] virtual BatchHandout allocate_batch(std::span<Handout> blocks) = 0;
  virtual std::size_t deallocate_batch(std::span<void* const> pointers) = 0;
  [[nodiscard]] virtual std::size_t segment_count() const = 0;
  [[nodiscard]] virtual std::size_t segment_capacity() const = 0;
  virtual std::size_t trim() = 0;

  /// Of a fixed slab only.
  [[nodiscard]] virtual bool contains(const void* pointer) const = 0;
};

/// One instantiation of a slab. `make` takes the slots of a segment and the number of initial
/// segments (0 for a fixed slab).
struct Subject {
  SlabKind kind;
  std::unique_ptr<SlabUnderTest> (*make)(std::size_t capacity, std::uint32_t initial) = nullptr;
};

/// Every instantiation that this binary was linked with.
[[nodiscard]] std::span<const Subject> subjects();

/// The subject of that name, or null.
[[nodiscard]] const Subject* find_subject(std::string_view name);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SLAB_UNDER_TEST_H_
