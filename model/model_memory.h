#ifndef SLABPROOF_MODEL_MODEL_MEMORY_H_
#define SLABPROOF_MODEL_MODEL_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "slabproof/model/execution.h"
#include "slabproof/model/race_cell.h"

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
  static constexpr std::size_t kActors = kMaxModelThreads + 1;
  static constexpr std::size_t kBytesPerActor = std::size_t{1} << 24;

  static ModelMemory& instance();

  /// Forgets everything; O(1).
  void begin_execution() noexcept;

  /// `size` bytes for an actor, or null where it has no such amount left.
  [[nodiscard]] std::byte* grant(std::size_t actor, std::size_t size,
                                 std::size_t alignment) noexcept;

  [[nodiscard]] static bool contains(const void* address) noexcept;

  /// An object begins or ends its life at `address`, or memory is given back there. False if that
  /// races with an earlier beginning or end. Memory elsewhere has no granules and never races.
  [[nodiscard]] bool begin_lifetime(const void* address, std::size_t size, ThreadClock me) noexcept;
  [[nodiscard]] bool end_lifetime(const void* address, std::size_t size, ThreadClock me) noexcept;

  /// Gives a region back: as `end_lifetime`. `survivors` tells whether objects in it are alive.
  [[nodiscard]] bool release(const void* address, std::size_t size, ThreadClock me,
                             bool& survivors) noexcept;

 private:
  struct Granule {
    std::uint64_t execution;  // the store happened in this execution, or there was none
    std::uint32_t time;
    std::uint16_t objects;  // alive here
    std::uint16_t thread;
  };

  ModelMemory();

  [[nodiscard]] std::span<Granule> granules(const void* address, std::size_t size) noexcept;
  [[nodiscard]] bool store(Granule& granule, ThreadClock me) const noexcept;

  Granule* granules_ = nullptr;
  std::uint64_t execution_ = 1;
  std::array<std::size_t, kActors> used_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_MODEL_MEMORY_H_
