#ifndef SLABPROOF_MODEL_GRAPH_GRAPH_SYNC_MODEL_H_
#define SLABPROOF_MODEL_GRAPH_GRAPH_SYNC_MODEL_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/explorer.h"
#include "model/graph/program_memory.h"
#include "model/graph/replay.h"
#include "model/runtime/object_table.h"
#include "model/runtime/sync_model.h"
#include "model/search/engine.h"

namespace slabproof::model::graph {

/// The objects of the execution that runs on a graph: checks each use of a mutex or an atomic, and
/// makes it an operation of the replay, or acts on the value itself while nothing else runs.
class GraphSyncModel final : public SyncModel {
 public:
  /// Another search begins: what was numbered is numbered anew.
  void begin_search() noexcept;
  /// Another execution begins; it runs alone at first.
  void begin(Explorer& explorer, Replay& replay) noexcept;
  /// The threads have finished: what they have left behind is what counts.
  void take_final_values();
  /// What traces call an object and its values.
  [[nodiscard]] std::string object_name(Location location) const;
  [[nodiscard]] std::string describe(Location location, std::uint64_t value) const;

  /// Memory that the execution has not given back, as a sentence; empty where there is none.
  [[nodiscard]] std::string describe_leak() const { return memory_.describe_leak(); }

  Handle begin_mutex(const void* object, std::source_location where) override;
  void end_mutex(Handle handle, const void* object, std::source_location where) override;
  void lock(Handle handle, const void* object, std::source_location where) override;
  bool fails_to_lock(Handle handle, const void* object, std::source_location where) override;
  void lock_at_once(Handle handle, const void* object, std::source_location where) override;
  std::size_t choose(std::size_t count, std::source_location where) override;
  void unlock(Handle handle, const void* object, std::source_location where) override;
  Handle begin_atomic(const void* object, std::uint64_t initial,
                      const checker_hooks::TypeInfo& type, std::source_location where) override;
  void end_atomic(Handle handle, const void* object, std::source_location where) override;
  std::uint64_t load(Handle handle, const void* object, std::memory_order order,
                     std::source_location where) override;
  void store(Handle handle, const void* object, std::uint64_t value, std::memory_order order,
             std::source_location where) override;
  std::uint64_t exchange(Handle handle, const void* object, std::uint64_t value,
                         std::memory_order order, std::source_location where) override;
  std::uint64_t fetch_add(Handle handle, const void* object, std::uint64_t value,
                          std::memory_order order, std::source_location where) override;
  std::uint64_t fetch_bits(Handle handle, const void* object, checker_hooks::BitOperation bits,
                           std::uint64_t value, std::memory_order order,
                           std::source_location where) override;
  bool compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                        std::uint64_t desired, bool weak, std::memory_order success,
                        std::memory_order failure, std::source_location where) override;
  void fence(std::memory_order order, std::source_location where) override;
  void pause(std::source_location where) override;
  Try begin_try() override;
  void fail_try(const Try& begun) override;
  void about_to_act() override;
  std::byte* obtain_memory(std::size_t size, std::size_t alignment) override;
  void give_back_memory(std::byte* data) override;
  void end_objects_in(const std::byte* data, std::size_t size) override;

 private:
  struct Record : ObjectRecord {
    Location location;
  };

  [[nodiscard]] Location location_of(std::uint16_t number);
  [[nodiscard]] const Record* record_at(Location location) const;
  Handle begin(ObjectTable<Record>& table, const void* object, const checker_hooks::TypeInfo& type,
               const std::source_location& where);
  void lock(Action action, Handle handle, const void* object, const std::source_location& where);
  [[nodiscard]] Record& use_atomic(Handle handle, const void* object, std::string_view action,
                                   const std::source_location& where);
  std::uint64_t modify(Handle handle, const void* object, Action action, std::uint64_t operand,
                       std::memory_order order, std::string_view name,
                       const std::source_location& where);

  // Static, as they are large and there is one search at a time.
  static ObjectTable<Record> mutexes_;
  static ObjectTable<Record> atomics_;

  Explorer* explorer_ = nullptr;
  Replay* replay_ = nullptr;
  ProgramMemory memory_;
  /// By number of the object. Numbers are given by thread, so that they are the same in all graphs
  /// that contain what led to the object.
  std::vector<Location> locations_;
  std::vector<std::uint64_t> values_;  // by location, while nothing else runs
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_GRAPH_SYNC_MODEL_H_
