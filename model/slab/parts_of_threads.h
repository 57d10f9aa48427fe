#ifndef SLABPROOF_MODEL_SLAB_PARTS_OF_THREADS_H_
#define SLABPROOF_MODEL_SLAB_PARTS_OF_THREADS_H_

#include <array>
#include <cstddef>
#include <memory>
#include <new>

#include "model/search/limits.h"

namespace slabproof::model {

/// A part of a slab for each of its threads, such as a cache. Which one is a thread's own comes
/// from the thread-local storage of `Sync`, so that it means the threads of the model where those
/// run.
template <class Part, class Sync>
class PartsOfThreads {
 public:
  /// No parts; those of an abandoned execution are never destroyed.
  void forget() noexcept { count_ = 0; }

  template <class... Arguments>
  void make(Arguments&&... arguments) {
    ::new (static_cast<void*>(memory_[count_++])) Part(arguments...);
  }
  /// Destroys them all, when no thread uses one any more.
  void end() noexcept {
    for (std::size_t i = 0; i < count_; ++i) std::destroy_at(&at(i));
    count_ = 0;
    leave();
  }

  /// The running thread takes that part, or none.
  void enter(std::size_t index) noexcept { OfThread::get().part = &at(index); }
  void leave() noexcept { OfThread::get().part = nullptr; }
  [[nodiscard]] Part* mine() const noexcept { return OfThread::get().part; }

  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < count_; ++i) visit(at(i));
  }

 private:
  struct Mine {
    Part* part = nullptr;
    void on_thread_exit() noexcept {}
  };
  using OfThread = typename Sync::template ThreadLocal<Mine>;

  [[nodiscard]] Part& at(std::size_t index) noexcept {
    return *std::launder(reinterpret_cast<Part*>(memory_[index]));
  }
  [[nodiscard]] const Part& at(std::size_t index) const noexcept {
    return *std::launder(reinterpret_cast<const Part*>(memory_[index]));
  }

  std::size_t count_ = 0;
  alignas(Part) std::byte memory_[kMaxThreads][sizeof(Part)];
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_PARTS_OF_THREADS_H_
