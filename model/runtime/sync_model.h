#ifndef SLABPROOF_MODEL_RUNTIME_SYNC_MODEL_H_
#define SLABPROOF_MODEL_RUNTIME_SYNC_MODEL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "model/runtime/checker_hooks.h"

namespace slabproof::model {

/// What mutexes, atomics, fences and pauses do in the execution that runs, where that is not for
/// Relacy to say. Each function is the one of `checker_hooks` of that name; any of them may leave
/// the fiber for good.
class SyncModel {
 public:
  using Handle = checker_hooks::Handle;
  using Try = checker_hooks::Try;

  virtual ~SyncModel() = default;

  virtual Handle begin_mutex(const void* object, std::source_location where) = 0;
  virtual void end_mutex(Handle handle, const void* object, std::source_location where) = 0;
  virtual void lock(Handle handle, const void* object, std::source_location where) = 0;
  /// Of a try_lock: whether it fails, and how it locks where it does not.
  virtual bool fails_to_lock(Handle handle, const void* object, std::source_location where) = 0;
  virtual void lock_at_once(Handle handle, const void* object, std::source_location where) = 0;
  virtual std::size_t choose(std::size_t count, std::source_location where) = 0;
  virtual void unlock(Handle handle, const void* object, std::source_location where) = 0;

  virtual Handle begin_atomic(const void* object, std::uint64_t initial,
                              const checker_hooks::TypeInfo& type, std::source_location where) = 0;
  virtual void end_atomic(Handle handle, const void* object, std::source_location where) = 0;
  virtual std::uint64_t load(Handle handle, const void* object, std::memory_order order,
                             std::source_location where) = 0;
  virtual void store(Handle handle, const void* object, std::uint64_t value,
                     std::memory_order order, std::source_location where) = 0;
  virtual std::uint64_t exchange(Handle handle, const void* object, std::uint64_t value,
                                 std::memory_order order, std::source_location where) = 0;
  virtual std::uint64_t fetch_add(Handle handle, const void* object, std::uint64_t value,
                                  std::memory_order order, std::source_location where) = 0;
  virtual std::uint64_t fetch_bits(Handle handle, const void* object,
                                   checker_hooks::BitOperation bits, std::uint64_t value,
                                   std::memory_order order, std::source_location where) = 0;
  virtual bool compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                                std::uint64_t desired, bool weak, std::memory_order success,
                                std::memory_order failure, std::source_location where) = 0;
  virtual void fence(std::memory_order order, std::source_location where) = 0;

  virtual void pause(std::source_location where) = 0;
  virtual Try begin_try() = 0;
  virtual void fail_try(const Try& begun) = 0;
  /// The running thread is about to do something else that another thread could notice: to write to
  /// a variable, to begin or end an object, to request memory, to fail.
  virtual void about_to_act() = 0;
  /// Memory for the program; null where there is no more.
  virtual std::byte* obtain_memory(std::size_t size, std::size_t alignment) = 0;
  /// Takes memory back that `obtain_memory` has given, and in which no object is alive.
  virtual void give_back_memory(std::byte* data) = 0;
  /// Ends the lives of the mutexes and atomics in memory that is given back.
  virtual void end_objects_in(const std::byte* data, std::size_t size) = 0;

  /// Of the execution that runs; null where Relacy does it.
  static SyncModel* present() noexcept { return present_; }
  static void set_present(SyncModel* model) noexcept { present_ = model; }

 private:
  static inline constinit SyncModel* present_ = nullptr;
};

inline void about_to_act() {
  if (SyncModel* const model = SyncModel::present()) model->about_to_act();
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_SYNC_MODEL_H_
