#include "model/runtime/checked_heap.h"

#include <cstdlib>
#include <new>

#include "model/runtime/model_memory.h"

namespace slabproof::model {

constinit CheckedHeap* CheckedHeap::present_ = nullptr;

void CheckedHeap::set_present(CheckedHeap* heap) noexcept {
  present_ = heap;
}

void* CheckedHeap::allocate_outside(std::size_t size, std::size_t alignment) {
  void* const memory =
      alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
          ? std::malloc(size == 0 ? 1 : size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

namespace {

void* allocate(std::size_t size, std::size_t alignment) {
  CheckedHeap* const heap = CheckedHeap::present();
  return heap != nullptr ? heap->allocate(size, alignment)
                         : CheckedHeap::allocate_outside(size, alignment);
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  CheckedHeap* const heap = CheckedHeap::present();
  if (ModelMemory::contains(memory)) {
    // It may be given back when its execution has ended: then it is nobody's any more.
    if (heap != nullptr) heap->release_model_memory(memory);
    return;
  }
  if (heap != nullptr) return heap->release(memory);
  std::free(memory);
}

}  // namespace
}  // namespace slabproof::model

// All forms that have no other one to call.
void* operator new(std::size_t size) {
  return slabproof::model::allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return slabproof::model::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  slabproof::model::release(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  slabproof::model::release(memory);
}
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  slabproof::model::release(memory);
}
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  slabproof::model::release(memory);
}
