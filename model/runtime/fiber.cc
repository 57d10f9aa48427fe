#include "model/runtime/fiber.h"

#include <ucontext.h>

#include <cstddef>
#include <cstring>

namespace slabproof::model {
namespace {

// For a fiber that is being made: a context is given no pointers.
Fiber* made = nullptr;
ucontext_t maker;

}  // namespace

void Fiber::make(Entry entry, void* argument) {
  stack_ = std::make_unique<FiberStack>();
  entry_ = entry;
  argument_ = argument;
  ucontext_t context;
  ::getcontext(&context);
  context.uc_stack.ss_sp = stack_->data();
  // Stacks that all end at the same place of a page would compete for the same lines of the cache.
  constexpr std::size_t kColours = 8;
  constexpr std::size_t kColourBytes = 512;
  static std::size_t next_colour = 0;
  context.uc_stack.ss_size = FiberStack::kBytes - next_colour++ % kColours * kColourBytes;
  context.uc_link = nullptr;
  ::makecontext(&context, &Fiber::begin, 0);
  made = this;
  ::swapcontext(&maker, &context);
  rewind();
}

void Fiber::begin() {
  Fiber* const self = made;
  if (_setjmp(self->beginning_) == 0) ::setcontext(&maker);
  self->entry_(self->argument_);
}

void Fiber::rewind() noexcept {
  std::memcpy(&position_, &beginning_, sizeof(position_));
  exceptions_ = {};
}

}  // namespace slabproof::model
