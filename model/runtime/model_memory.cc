#include "model/runtime/model_memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace slabproof::model {
namespace {

constexpr int kExitUnfitSystem = 2;

/// Pages that cost nothing until they are touched.
void* reserve(void* where, std::size_t size, int flags) {
  void* const address = ::mmap(where, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (address == MAP_FAILED || (where != nullptr && address != where)) {
    // Not an abort, which would be taken for one of the code under check.
    std::perror("slabproof: cannot reserve address space for the model checker (ulimit -v?)");
    std::_Exit(kExitUnfitSystem);
  }
  return address;
}

}  // namespace

constinit ModelMemory ModelMemory::the_memory_;

void ModelMemory::begin_execution() noexcept {
  if (granules_ == nullptr) {
    reserve(reinterpret_cast<void*>(kBase), kBytes, MAP_FIXED_NOREPLACE);
    granules_ = static_cast<Granule*>(reserve(nullptr, kBytes / kGranule * sizeof(Granule), 0));
  }
  ++execution_;
  used_.fill(0);
  region_count_ = 0;
}

std::byte* ModelMemory::grant(std::size_t actor, std::size_t size, std::size_t alignment,
                              std::uint32_t tag) noexcept {
  if (alignment > kBytesPerActor || size > kBytesPerActor) return nullptr;
  const std::size_t unit = alignment < kGranule ? kGranule : alignment;
  const std::size_t start = (used_[actor] + unit - 1) & ~(unit - 1);
  if (start + size > kBytesPerActor) return nullptr;
  // Whole granules, so that no two regions share one.
  used_[actor] = (start + size + kGranule - 1) & ~(kGranule - 1);
  const std::uintptr_t base = kBase + actor * kBytesPerActor + start;
  if (region_count_ < kMaxRegions) {
    regions_[region_count_++] = {.base = base, .size = size, .tag = tag};
  }
  return reinterpret_cast<std::byte*>(base);
}

bool ModelMemory::release(const void* address, std::size_t size, ThreadClock me, bool alone,
                          bool& survivors) noexcept {
  survivors = false;
  for (Granule& granule : granules(address, size)) {
    if (!store(granule, me, alone)) return false;
    survivors |= granule.objects != 0;
  }
  for (std::size_t i = region_count_; i-- > 0;) {
    if (regions_[i].base != reinterpret_cast<std::uintptr_t>(address)) continue;
    regions_[i].is_released = true;
    break;
  }
  return true;
}

}  // namespace slabproof::model
