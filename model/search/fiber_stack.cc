#include "model/search/fiber_stack.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace slabproof::model {

FiberStack* FiberStack::newest_ = nullptr;

FiberStack::FiberStack() : older_(newest_) {
  void* const memory = ::mmap(nullptr, kGuardBytes + kBytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  guard_ = static_cast<std::byte*>(memory);
  if (::mprotect(data(), kBytes, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(guard_, kGuardBytes + kBytes);
    throw std::bad_alloc();
  }
  newest_ = this;
}

FiberStack::~FiberStack() {
  FiberStack** link = &newest_;
  while (*link != this) link = &(*link)->older_;
  *link = older_;
  ::munmap(guard_, kGuardBytes + kBytes);
}

bool FiberStack::is_guard(const void* address) noexcept {
  for (const FiberStack* stack = newest_; stack != nullptr; stack = stack->older_) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(stack->guard_);
    if (offset < kGuardBytes) return true;
  }
  return false;
}

}  // namespace slabproof::model
