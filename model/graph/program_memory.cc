#include "model/graph/program_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include "model/runtime/model_memory.h"
#include "model/runtime/sync_model.h"
#include "model/search/engine.h"

namespace slabproof::model::graph {
namespace {

Engine& engine() noexcept {
  return Engine::instance();
}

constexpr std::size_t whole_granules(std::size_t size) noexcept {
  return (size + ModelMemory::kGranule - 1) & ~(ModelMemory::kGranule - 1);
}

/// Of what runs alone no graph has an event.
bool has_events() noexcept {
  return !engine().is_alone();
}

}  // namespace

void ProgramMemory::begin(Replay& replay) {
  replay_ = &replay;
  for (const auto& [data, block] : blocks_) {
    if (!block.is_free) left_over_.insert(data);
  }
  blocks_.clear();
}

/// Sorts are no locations of accesses, and are counted from the other end.
Location ProgramMemory::number_of(const Sort& sort) {
  auto found = std::ranges::find(sorts_, sort);
  if (found == sorts_.end()) found = sorts_.insert(found, sort);
  return static_cast<Location>(kNoLocation - 1 - (found - sorts_.begin()));
}

std::byte* ProgramMemory::obtain(std::size_t size, std::size_t alignment) {
  if (!engine().settings().reuse_memory) {
    return ModelMemory::instance().grant(engine().actor(), size, alignment);
  }
  const Sort sort{.size = whole_granules(size),
                  .alignment = std::max(alignment, ModelMemory::kGranule)};
  Event event;
  event.kind = EventKind::kAllocation;
  event.action = Action::kAllocate;
  {
    const CheckerScope quiet;
    event.location = number_of(sort);
  }
  std::byte* data = has_events() ? replay_->allocate(event) : nullptr;
  if (data == nullptr) data = ModelMemory::instance().grant(engine().actor(), size, alignment);
  if (data == nullptr) return nullptr;
  const CheckerScope quiet;
  blocks_[data] = {.sort = event.location,
                   .allocation = has_events() ? replay_->last_passed() : kInitialWrite,
                   .size = size,
                   .is_free = false};
  return data;
}

void ProgramMemory::give_back(std::byte* data) {
  // Where leaks are reported, nothing is left by an execution before.
  if (!engine().settings().report_leaks && engine().phase() == Engine::Phase::kBefore &&
      left_over_.erase(data) != 0) {
    return;
  }
  const auto found = blocks_.find(data);
  if (found == blocks_.end()) return;
  Block& block = found->second;
  if (block.is_free) {
    abandon_execution(Defect::kUseAfterFree, "memory is given back twice");
  }
  block.is_free = true;
  // Who frees what it knows of by a data race is no cause of anything: that free may not come
  // again.
  if (!has_events() || !replay_->has_cause(block.allocation)) return;
  Event event;
  event.kind = EventKind::kFree;
  event.action = Action::kFree;
  event.location = block.sort;
  event.value = reinterpret_cast<std::uint64_t>(data);
  replay_->free(event);
}

std::string ProgramMemory::describe_leak() const {
  std::size_t count = 0;
  std::size_t bytes = 0;
  const Block* first = nullptr;
  for (const auto& [data, block] : blocks_) {
    if (block.is_free) continue;
    ++count;
    bytes += block.size;
    const auto order = [](const Block& b) {
      return std::pair(b.allocation.is_initial() ? -1 : b.allocation.thread, b.allocation.index);
    };
    if (first == nullptr || order(block) < order(*first)) first = &block;
  }
  if (first == nullptr) return {};
  return fmt::format(
      "leak: {} bytes in {} block{} of memory are never freed; the first comes from {}", bytes,
      count, count == 1 ? "" : "s",
      first->allocation.is_initial() ? std::string("before the threads")
                                     : fmt::format("T{}", first->allocation.thread));
}

// ---- the heap ----

void* GraphHeap::allocate(std::size_t size, std::size_t alignment) {
  Engine& present = engine();
  // No graph holds an address from after the threads, and containers that outlive the execution are
  // filled there.
  const bool is_of_program =
      present.phase() == Engine::Phase::kBefore || present.phase() == Engine::Phase::kThreads;
  if (!runs_execution || present.quiet() || !is_of_program) {
    return allocate_outside(size, alignment);
  }
  about_to_act();
  if (present.may_not_allocate()) {
    abandon_execution(Defect::kAllocationUnderLock, "a heap allocation while a lock is held");
  }
  void* const memory = SyncModel::present()->obtain_memory(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void GraphHeap::release(void* memory) {
  std::free(memory);
}

void GraphHeap::release_model_memory(void* memory) {
  if (!runs_execution || engine().quiet() || engine().phase() == Engine::Phase::kIdle) return;
  about_to_act();
  SyncModel::present()->give_back_memory(static_cast<std::byte*>(memory));
}

}  // namespace slabproof::model::graph
