#include "model/search/thread_locals.h"

#include <link.h>

#include <algorithm>
#include <cstring>

namespace slabproof::model {
namespace {

/// Called for the main program first; the result ends the walk.
int find_block(dl_phdr_info* program, std::size_t /*size*/, void* found) {
  const std::span headers(program->dlpi_phdr, program->dlpi_phnum);
  const auto block = std::ranges::find(headers, PT_TLS, &ElfW(Phdr)::p_type);
  if (block != headers.end() && program->dlpi_tls_data != nullptr) {
    *static_cast<std::span<const std::byte>*>(found) = {
        static_cast<const std::byte*>(program->dlpi_tls_data), block->p_memsz};
  }
  return 1;
}

}  // namespace

ThreadLocals::ThreadLocals() {
  ::dl_iterate_phdr(&find_block, &present_);
  remembered_.assign(present_.begin(), present_.end());
}

void ThreadLocals::remember() noexcept {
  if (!present_.empty()) std::memcpy(remembered_.data(), present_.data(), present_.size());
}

bool ThreadLocals::have_changed() const noexcept {
  return !present_.empty() &&
         std::memcmp(remembered_.data(), present_.data(), present_.size()) != 0;
}

}  // namespace slabproof::model
