#ifndef SLABPROOF_MODEL_RUNTIME_OBJECT_TABLE_H_
#define SLABPROOF_MODEL_RUNTIME_OBJECT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "model/runtime/checker_hooks.h"
#include "model/search/race_cell.h"

namespace slabproof::model {

/// What the checker knows of one checked object, in memory of its own: the object's memory may be
/// overwritten or given away while a stale pointer to it is still used.
struct ObjectRecord {
  const void* object;  ///< null when its life has ended
  const checker_hooks::TypeInfo* type;
  RaceCell race;         ///< of the value of a variable; of the lifetime of anything else
  std::uint32_t size;    ///< of the object, in bytes
  std::uint16_t number;  ///< for traces; of a mutex or atomic also for the scheduler
};

/// The objects of one sort that one execution has made. Cleared in O(1). Meant for static storage:
/// large, but its pages cost nothing before they are used.
template <class Record>
class ObjectTable {
 public:
  static constexpr std::size_t kCapacity = std::size_t{1} << 16;

  void clear() noexcept { size_ = 0; }

  [[nodiscard]] std::optional<checker_hooks::Handle> add(const void* object) noexcept {
    if (size_ == kCapacity) return std::nullopt;
    records_[size_].object = object;
    return size_++;
  }

  /// The record that was made for the object at this address, or null: the memory that the handle
  /// was read from may hold anything.
  [[nodiscard]] Record* find(checker_hooks::Handle handle, const void* object) noexcept {
    if (handle >= size_ || records_[handle].object != object) return nullptr;
    return &records_[handle];
  }

  [[nodiscard]] Record& operator[](checker_hooks::Handle handle) noexcept {
    return records_[handle];
  }

  /// Calls `visit` for each object of the execution, alive or not.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < size_; ++i) visit(records_[i]);
  }
  /// Calls `visit` for each object that is alive in [begin, begin + size).
  template <class Visit>
  void for_each_in(const std::byte* begin, std::size_t size, Visit visit) {
    for (std::size_t i = 0; i < size_; ++i) {
      const auto* const object = static_cast<const std::byte*>(records_[i].object);
      if (object != nullptr && object >= begin && object < begin + size) visit(records_[i]);
    }
  }

 private:
  std::uint32_t size_ = 0;
  Record records_[kCapacity];
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_OBJECT_TABLE_H_
