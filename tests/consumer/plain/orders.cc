// What a program of somebody else's may look like; each consumer builds and runs it.

#include <cstdio>
#include <cstring>
#include <list>

#include "slabproof/allocator.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/size_classed.h"
#include "slabproof/slab_resource.h"
#include "slabproof/version.h"

static_assert(SLABPROOF_VERSION >= 100 && SLABPROOF_VERSION_MAJOR == SLABPROOF_VERSION / 10000);

struct Order {
  Order(int first, const char* second) : quantity(first) {
    std::strncpy(symbol, second, sizeof(symbol) - 1);
  }
  int quantity;
  char symbol[12] = {};
};

int main() {
  slabproof::ExtendableSlab<Order> slab(1024);
  const auto order = slab.make_unique(42, "GOOG");
  if (!order || (*order)->quantity != 42 || slab.stats().live != 1) return 1;

  using Resource =
      slabproof::basic_slab_resource<slabproof::SizeClassed<slabproof::SizeClasses<64>>>;
  Resource memory;
  std::list<Order, slabproof::allocator<Order, Resource>> orders(&memory);
  orders.emplace_back(7, "MSFT");
  const auto shared = memory.make_shared<Order>(orders.front());
  if (shared->quantity != 7) return 1;

  std::printf("slabproof %d.%d.%d: %d %s\n", SLABPROOF_VERSION_MAJOR, SLABPROOF_VERSION_MINOR,
              SLABPROOF_VERSION_PATCH, (*order)->quantity, (*order)->symbol);
  return 0;
}
