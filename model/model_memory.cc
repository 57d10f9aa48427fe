#include "slabproof/model/model_memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace slabproof::model {
namespace {

// Far from where Linux places programs, heaps and libraries, and aligned to an actor's share, so
// that every alignment up to that is met.
constexpr std::uintptr_t kBase = 0x1000'0000'0000;
constexpr std::size_t kBytes = ModelMemory::kActors * ModelMemory::kBytesPerActor;

/// Pages that cost nothing until they are touched.
void* reserve(void* where, std::size_t size, int flags) {
  void* const address = ::mmap(where, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (address == MAP_FAILED || (where != nullptr && address != where)) {
    std::perror("slabproof: cannot reserve address space for the model checker");
    std::abort();
  }
  return address;
}

}  // namespace

ModelMemory& ModelMemory::instance() {
  static ModelMemory memory;
  return memory;
}

ModelMemory::ModelMemory() {
  reserve(reinterpret_cast<void*>(kBase), kBytes, MAP_FIXED_NOREPLACE);
  granules_ = static_cast<Granule*>(reserve(nullptr, kBytes / kGranule * sizeof(Granule), 0));
}

void ModelMemory::begin_execution() noexcept {
  ++execution_;
  used_.fill(0);
}

std::byte* ModelMemory::grant(std::size_t actor, std::size_t size, std::size_t alignment) noexcept {
  if (alignment > kBytesPerActor || size > kBytesPerActor) return nullptr;
  const std::size_t unit = alignment < kGranule ? kGranule : alignment;
  const std::size_t start = (used_[actor] + unit - 1) & ~(unit - 1);
  if (start + size > kBytesPerActor) return nullptr;
  // Whole granules, so that no two regions share one.
  used_[actor] = (start + size + kGranule - 1) & ~(kGranule - 1);
  return reinterpret_cast<std::byte*>(kBase + actor * kBytesPerActor + start);
}

bool ModelMemory::contains(const void* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) - kBase < kBytes;
}

std::span<ModelMemory::Granule> ModelMemory::granules(const void* address,
                                                      std::size_t size) noexcept {
  if (!contains(address)) return {};
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - kBase;
  const std::uintptr_t first = offset / kGranule;
  const std::uintptr_t last = (offset + size - 1) / kGranule;
  return {granules_ + first, last - first + 1};
}

bool ModelMemory::store(Granule& granule, ThreadClock me) const noexcept {
  if (granule.execution != execution_) {
    granule.execution = execution_;
    granule.objects = 0;
  } else if (!me.is_after(granule.thread, granule.time)) {
    return false;
  }
  granule.thread = static_cast<std::uint16_t>(me.index);
  granule.time = me.tick();
  return true;
}

bool ModelMemory::begin_lifetime(const void* address, std::size_t size, ThreadClock me) noexcept {
  for (Granule& granule : granules(address, size)) {
    if (!store(granule, me)) return false;
    ++granule.objects;
  }
  return true;
}

bool ModelMemory::end_lifetime(const void* address, std::size_t size, ThreadClock me) noexcept {
  for (Granule& granule : granules(address, size)) {
    if (!store(granule, me)) return false;
    --granule.objects;
  }
  return true;
}

bool ModelMemory::release(const void* address, std::size_t size, ThreadClock me,
                          bool& survivors) noexcept {
  survivors = false;
  for (Granule& granule : granules(address, size)) {
    if (!store(granule, me)) return false;
    survivors |= granule.objects != 0;
  }
  return true;
}

}  // namespace slabproof::model
