#include "tests/bench/registry.h"

#include <vector>

namespace slabproof::bench {

std::vector<Case>& cases() {
  static std::vector<Case> instance;
  return instance;
}

}  // namespace slabproof::bench
