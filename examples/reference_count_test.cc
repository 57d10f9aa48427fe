// A pointer that counts its owners, as a GoogleTest. The error that is planted: owners that leave
// are not ordered with the one who deletes.

#include <gtest/gtest.h>

#include "slabproof/model/check.h"

namespace primitives = slabproof::model::checked;

template <std::memory_order kLeave>
class Counted {
 public:
  void enter() { owners_.fetch_add(1, std::memory_order_relaxed); }
  void leave() {
    if (owners_.fetch_sub(1, kLeave) == 1) delete this;
  }
  void use() { value_ = 1; }

 private:
  primitives::atomic<int> owners_ = 1;
  primitives::plain<int> value_ = 0;
};

template <std::memory_order kLeave>
slabproof::model::CheckResult check_count() {
  return slabproof::model::check([](slabproof::model::Run& run) {
    // It deletes itself, so `make` must not end it.
    auto* const object = new Counted<kLeave>();
    object->enter();
    run.thread([object] {
      object->use();
      object->leave();
    });
    run.thread([object] { object->leave(); });
  });
}

TEST(ReferenceCount, LastOwnerDeletesWhenAllOthersAreDone) {
  const auto result = check_count<std::memory_order_acq_rel>();
  EXPECT_TRUE(result.holds()) << result.report();
}

TEST(ReferenceCount, PlantedErrorIsFound) {
  EXPECT_EQ(check_count<std::memory_order_relaxed>().exit_code(), 1);
}
