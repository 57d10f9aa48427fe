#ifndef SLABPROOF_MODEL_RUNTIME_MODEL_MEMORY_H_
#define SLABPROOF_MODEL_RUNTIME_MODEL_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/search/execution.h"
#include "model/search/race_cell.h"

namespace slabproof::model {

/// The memory that a program under the model checker gets from its backing.
///
/// It lies at a fixed address, so that two processes see the same addresses, and every thread has a
/// part of its own: requests are not synchronised with each other, so what a thread gets may depend
/// on nothing but its own past. Within an execution no address is given out twice.
///
/// It is divided into granules of 64 bytes. Beginning and ending the lifetime of a checked object
/// is a store to each granule that it touches, checked for races. Granules outlive all objects, so
/// two owners of one piece of memory race with each other even where each only makes an object of
/// its own there.
class ModelMemory {
 public:
  static constexpr std::size_t kGranule = 64;
  /// 0 for what runs before and after the threads, then one for each thread.
  static constexpr std::size_t kActors = kMaxThreads + 1;
  static constexpr std::size_t kBytesPerActor = std::size_t{1} << 24;

  static ModelMemory& instance() noexcept { return the_memory_; }

  /// Forgets everything; O(1), but for the first time in a process.
  void begin_execution() noexcept;

  /// `size` bytes for an actor, or null where it has no such amount left. `tag` is the program's.
  [[nodiscard]] std::byte* grant(std::size_t actor, std::size_t size, std::size_t alignment,
                                 std::uint32_t tag = 0) noexcept;

  [[nodiscard]] static bool contains(const void* address) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) - kBase < kBytes;
  }

  /// An object begins or ends its life at `address`. False if that races with an earlier beginning
  /// or end, which is not looked at while one thread runs alone. Memory elsewhere has no granules.
  [[nodiscard]] bool begin_lifetime(const void* address, std::size_t size, ThreadClock me,
                                    bool alone) noexcept {
    for (Granule& granule : granules(address, size)) {
      if (!store(granule, me, alone)) return false;
      ++granule.objects;
    }
    return true;
  }
  [[nodiscard]] bool end_lifetime(const void* address, std::size_t size, ThreadClock me,
                                  bool alone) noexcept {
    for (Granule& granule : granules(address, size)) {
      if (!store(granule, me, alone)) return false;
      --granule.objects;
    }
    return true;
  }

  /// Gives a region back: as the end of a lifetime. `survivors` says whether objects in it are
  /// alive.
  [[nodiscard]] bool release(const void* address, std::size_t size, ThreadClock me, bool alone,
                             bool& survivors) noexcept;

  // ---- for a search that compares states ----

  struct Region {
    std::uintptr_t base = 0;
    std::size_t size = 0;
    std::uint32_t tag = 0;
    bool is_released = false;
  };
  /// What was granted in this execution, in the order of requests. More than it has room for are
  /// forgotten: see `knows_all_regions`.
  [[nodiscard]] std::span<const Region> regions() const noexcept {
    return std::span(regions_).first(region_count_);
  }
  [[nodiscard]] bool knows_all_regions() const noexcept { return region_count_ < kMaxRegions; }
  /// Calls `visit` with the number of each granule of a region in which an object has begun or
  /// ended its life beside other threads, and with the thread and the time of the last such moment.
  template <class Visit>
  void for_each_granule(const Region& region, Visit visit) const {
    std::size_t number = 0;
    for (const Granule& granule :
         granules(reinterpret_cast<const void*>(region.base), region.size)) {
      if (granule.execution == execution_ && granule.time != 0) {
        visit(number, granule.thread, granule.time);
      }
      ++number;
    }
  }

 private:
  static constexpr std::size_t kMaxRegions = 1024;
  struct Granule {
    std::uint64_t execution;  // the store happened in this execution, or there was none
    std::uint32_t time;
    std::uint16_t objects;  // alive here
    std::uint16_t thread;
  };

  // Far from where Linux places programs, heaps and libraries, and aligned to an actor's share, so
  // that every alignment up to that is met.
  static constexpr std::uintptr_t kBase = 0x1000'0000'0000;
  static constexpr std::size_t kBytes = kActors * kBytesPerActor;

  constexpr ModelMemory() = default;
  static ModelMemory the_memory_;

  [[nodiscard]] std::span<Granule> granules(const void* address, std::size_t size) const noexcept {
    if (!contains(address)) return {};
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - kBase;
    const std::uintptr_t first = offset / kGranule;
    const std::uintptr_t last = (offset + size - 1) / kGranule;
    return {granules_ + first, last - first + 1};
  }

  [[nodiscard]] bool store(Granule& granule, ThreadClock me, bool alone) const noexcept {
    if (granule.execution != execution_) {
      granule = {.execution = execution_, .time = 0, .objects = 0, .thread = 0};
    }
    if (alone) return true;
    if (!me.is_after(granule.thread, granule.time)) return false;
    granule.thread = static_cast<std::uint16_t>(me.index);
    granule.time = me.tick();
    return true;
  }

  Granule* granules_ = nullptr;
  std::uint64_t execution_ = 0;
  std::array<std::size_t, kActors> used_{};
  std::size_t region_count_ = 0;
  std::array<Region, kMaxRegions> regions_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_MODEL_MEMORY_H_
