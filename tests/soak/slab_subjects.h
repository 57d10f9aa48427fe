#ifndef SLABPROOF_TESTS_SOAK_SLAB_SUBJECTS_H_
#define SLABPROOF_TESTS_SOAK_SLAB_SUBJECTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "model/slab/any_slab.h"
#include "model/slab/slab_adapter.h"
#include "slabproof/batch_policy.h"
#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/fork_guard.h"
#include "slabproof/slab_owner.h"
#include "slabproof/thread_cache.h"
#include "tests/soak/subject.h"
#include "tests/support/observed_policies.h"

namespace slabproof::soak {

using model::Cell;

/// Through a slab, a cache or an owner.
template <class T, class Source>
class DirectAccess : public Access {
 public:
  explicit DirectAccess(Source& source) : source_(source) {}

  std::byte* allocate() override {
    const auto block = source_.allocate();
    return block ? block->data : nullptr;
  }
  std::byte* allocate_zeroed() override {
    const auto block = source_.allocate_zeroed();
    return block ? block->data : nullptr;
  }
  std::size_t allocate_batch(std::span<std::byte*> blocks) override {
    std::size_t served = 0;
    if constexpr (requires(std::span<Block> wanted) { source_.allocate_batch(wanted); }) {
      std::array<Block, 64> wanted;
      const std::size_t count = std::min(blocks.size(), wanted.size());
      served = source_.allocate_batch(std::span(wanted).first(count)).value_or(0);
      for (std::size_t i = 0; i < served; ++i) blocks[i] = wanted[i].data;
    } else {
      while (served < blocks.size()) {
        blocks[served] = this->allocate();
        if (blocks[served] == nullptr) break;
        ++served;
      }
    }
    return served;
  }
  std::byte* create() override {
    const auto object = source_.create();
    return object ? reinterpret_cast<std::byte*>(*object) : nullptr;
  }
  bool deallocate(void* pointer) override { return source_.deallocate(pointer); }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    if constexpr (requires { source_.deallocate_batch(pointers); }) {
      return source_.deallocate_batch(pointers);
    } else {
      return static_cast<std::size_t>(std::ranges::count_if(
          pointers, [this](void* pointer) { return this->deallocate(pointer); }));
    }
  }
  bool destroy(std::byte* object) override {
    source_.destroy(reinterpret_cast<T*>(object));
    return true;
  }
  void trim() override {
    if constexpr (requires { source_.trim(); }) {
      source_.trim();
    } else if constexpr (requires { source_.reclaim(); }) {
      source_.reclaim();
    } else {
      source_.flush();
    }
  }
  void finish(bool is_last) override {
    if constexpr (requires { source_.close(); }) {
      if (is_last) source_.close();
    }
  }

 private:
  Source& source_;
};

template <class T, class Slab>
class SlabSubject : public Subject {
 public:
  explicit SlabSubject(const SubjectSetup& setup) : slab_(setup.capacity) {
    if (setup.guarded) guard_.emplace(slab_);
  }

  std::unique_ptr<Access> access(std::size_t /*place*/) override {
    return std::make_unique<DirectAccess<T, Slab>>(slab_);
  }
  void settle() override {
    if constexpr (requires { slab_.depot(); }) slab_.trim();
  }
  model::Counters counters() const override { return model::counters_of(slab_.stats()); }
  bool is_slot(const std::byte* pointer) const override {
    return slab_.usable_size(pointer) == Slab::block_size;
  }

 protected:
  Slab slab_;
  std::optional<ForkGuard<Slab>> guard_;
};

/// Each thread has a `ThreadCache` instead of the one that comes by itself.
template <class T, class Slab>
class HeldCacheSubject final : public SlabSubject<T, Slab> {
 public:
  using SlabSubject<T, Slab>::SlabSubject;

  std::unique_ptr<Access> access(std::size_t /*place*/) override {
    return std::make_unique<CacheAccess>(this->slab_);
  }

 private:
  struct Holder {
    explicit Holder(Slab& slab) : cache(slab) {}
    ThreadCache<Slab> cache;
  };
  struct CacheAccess final : Holder, DirectAccess<T, ThreadCache<Slab>> {
    explicit CacheAccess(Slab& slab)
        : Holder(slab), DirectAccess<T, ThreadCache<Slab>>(this->cache) {}
  };
};

template <class T, class Owner>
class OwnerSubject final : public Subject {
 public:
  explicit OwnerSubject(const SubjectSetup& setup) : owner_(setup.capacity) {
    for (std::size_t i = 1; i < setup.places; ++i) remotes_.emplace_back(owner_.remote());
  }

  std::unique_ptr<Access> access(std::size_t place) override {
    if (place == 0) return std::make_unique<DirectAccess<T, Owner>>(owner_);
    return std::make_unique<RemoteAccess>(remotes_[place - 1]);
  }
  void settle() override { owner_.reclaim(); }
  model::Counters counters() const override { return model::counters_of(owner_.stats()); }
  bool is_slot(const std::byte* /*pointer*/) const override { return true; }

 private:
  using Remote = typename Owner::Remote;

  class RemoteAccess final : public Access {
   public:
    explicit RemoteAccess(const Remote& remote) : remote_(remote) {}

    bool can_allocate() const override { return false; }
    std::byte* allocate() override { return nullptr; }
    std::byte* allocate_zeroed() override { return nullptr; }
    std::size_t allocate_batch(std::span<std::byte*> /*blocks*/) override { return 0; }
    std::byte* create() override { return nullptr; }
    bool deallocate(void* pointer) override { return note(remote_.deallocate(pointer)); }
    std::size_t deallocate_batch(std::span<void* const> pointers) override {
      for (void* const pointer : pointers) note(remote_.deallocate(pointer));
      return pointers.size();
    }
    bool destroy(std::byte* object) override {
      return note(remote_.destroy(reinterpret_cast<T*>(object)));
    }
    void trim() override { note(remote_.flush()); }
    std::byte* take_back() override {
      return is_owner_gone_ ? static_cast<std::byte*>(remote_.take_back()) : nullptr;
    }
    void finish(bool /*is_last*/) override { note(remote_.flush()); }

   private:
    bool note(RemoteFree result) {
      is_owner_gone_ |= result == RemoteFree::kOwnerGone;
      return result != RemoteFree::kRefused;
    }

    Remote remote_;
    bool is_owner_gone_ = false;
  };

  Owner owner_;
  std::deque<Remote> remotes_;
};

/// Everything that a run of steps perturbs is perturbed, and what moves together is little.
template <Recheck kRecheck, class Memory, class ProtectionPolicy, class ContentsPolicy,
          std::uint32_t kBatch, std::uint32_t kReserveShare>
struct SoakConfig : testing::ObservedConfig<kRecheck, Memory, ProtectionPolicy> {
  using Contents = ContentsPolicy;
  using RemoteBatch = FixedBatch<kBatch>;
  static constexpr std::uint32_t magazine_rounds = kBatch;
  static constexpr std::size_t depot_magazines = 2;
  static constexpr std::uint32_t reserve_share = kReserveShare;
};

template <class SubjectType>
std::unique_ptr<Subject> make(const SubjectSetup& setup) {
  return std::make_unique<SubjectType>(setup);
}

template <class T, class Config>
Kind shared_kind(std::string name) {
  using Slab = ExtendableSlab<T, Config>;
  return {.name = std::move(name),
          .traits = {.stride = Slab::stride,
                     .rechecks_all = Config::recheck == Recheck::kAllSegments,
                     .zeroes = Config::Contents::zeroes},
          .make = &make<SlabSubject<T, Slab>>};
}

enum class Caches : std::uint8_t { kAutomatic, kHeld };

template <class T, class Config, Caches kCaches>
Kind cached_kind(std::string name) {
  using Slab = CachedSlab<T, Config>;
  Kind kind{.name = std::move(name),
            .traits = {.stride = Slab::stride,
                       .has_caches = true,
                       .rechecks_all = Config::recheck == Recheck::kAllSegments,
                       .zeroes = Config::Contents::zeroes},
            .make = &make<SlabSubject<T, Slab>>};
  if constexpr (kCaches == Caches::kHeld) kind.make = &make<HeldCacheSubject<T, Slab>>;
  return kind;
}

template <class T, class Config>
Kind owner_kind(std::string name) {
  using Owner = SlabOwner<T, Config>;
  return {.name = std::move(name),
          .traits = {.stride = Owner::stride,
                     .has_owner = true,
                     .rechecks_all = Config::recheck == Recheck::kAllSegments,
                     .zeroes = Config::Contents::zeroes},
          .make = &make<OwnerSubject<T, Owner>>};
}

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_SLAB_SUBJECTS_H_
