#ifndef SLABPROOF_MODEL_SLAB_OWNER_ADAPTER_H_
#define SLABPROOF_MODEL_SLAB_OWNER_ADAPTER_H_

#include <cstddef>
#include <cstdint>

#include "model/slab/any_slab.h"
#include "model/slab/parts_of_threads.h"
#include "model/slab/slab_adapter.h"
#include "slabproof/slab_owner.h"
#include "slabproof/slab_remote.h"

namespace slabproof::model {

/// A `SlabOwner`, which thread 0 uses and closes at its end, and a `SlabRemote` for each other
/// thread, which flushes it at its end. The remotes go when all threads have finished, and the
/// owner with the adapter.
///
/// Remotes only free. Of a pointer an owner says neither whether it is a block nor how large.
template <class T, class Config>
class OwnerAdapter final : public SlabAdapter<T, SlabOwner<T, Config>> {
  using Owner = SlabOwner<T, Config>;

 public:
  SlabTraits traits() const override {
    SlabTraits traits = traits_of<T, Config>();
    traits.family = SlabFamily::kOwner;
    traits.stride = Owner::stride;
    traits.slot_alignment = Owner::slot_alignment;
    return traits;
  }
  SegmentShape segment_shape(std::size_t /*capacity*/) const override { return {}; }
  void construct(std::size_t capacity, std::uint32_t initial_segments) override {
    remotes_.forget();
    capacity_ = capacity;
    if (initial_segments == 0) return this->emplace(capacity);
    this->emplace(capacity, InitialSegments{initial_segments});
  }

  void begin_threads(std::size_t count) override {
    for (std::size_t i = 1; i < count; ++i) remotes_.make(this->slab());
  }
  void begin_thread(std::size_t index) override {
    if (index == 0) return remotes_.leave();
    remotes_.enter(index - 1);
  }
  void end_thread() override {
    if (Remote* const remote = remotes_.mine()) {
      remote->note(remote->remote.flush());
    } else {
      this->slab().close();
    }
  }
  void end_threads() override { remotes_.end(); }

  bool deallocate(void* pointer) override {
    Remote* const remote = remotes_.mine();
    if (remote == nullptr) return this->slab().deallocate(pointer);
    remote->note(remote->remote.deallocate(pointer));
    return true;
  }
  std::byte* take_back() override {
    Remote* const remote = remotes_.mine();
    if (remote == nullptr || !remote->is_owner_gone) return nullptr;
    return static_cast<std::byte*>(remote->remote.take_back());
  }

  bool contains(const void* /*pointer*/) const override { return false; }
  std::size_t segment_count() const override { return this->slab().stats().segments; }
  std::size_t segment_capacity() const override { return capacity_; }
  Counters counters() const override { return counters_of(this->slab().stats()); }
  /// Reclaims; the result is the bytes of the blocks.
  std::size_t trim() override { return this->slab().reclaim() * Owner::stride; }

 private:
  struct Remote {
    explicit Remote(Owner& owner) : remote(owner.remote()) {}
    void note(RemoteFree result) { is_owner_gone |= result == RemoteFree::kOwnerGone; }
    SlabRemote<T, Config> remote;
    bool is_owner_gone = false;
  };

  std::size_t capacity_ = 0;
  PartsOfThreads<Remote, typename Config::Sync> remotes_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_OWNER_ADAPTER_H_
