// A remote asks its batch policy from functions that never throw.
#include "slabproof/slab_owner.h"

struct Batch {
#ifdef POSITIVE_CONTROL
  [[nodiscard]] std::size_t size() const noexcept { return 1; }
#else
  [[nodiscard]] std::size_t size() const { return 1; }
#endif
  void pushed(bool /*onto_others*/) noexcept {}
};

struct Config : slabproof::DefaultConfig {
  using RemoteBatch = Batch;
};

template class slabproof::SlabRemote<int, Config>;
