// A spin lock, written with the names of the standard library: in production,
// `namespace primitives = std;` is all that changes. With the argument "planted", it unlocks
// without `release`, and the checker shows what the next owner may read then.

#include <cstdio>
#include <memory>

#include "slabproof/model/check.h"

namespace primitives = slabproof::model::checked;

template <std::memory_order kUnlock>
class SpinLock {
 public:
  void lock() {
    while (is_held_.exchange(true, std::memory_order_acquire)) primitives::this_thread::yield();
  }
  void unlock() { is_held_.store(false, kUnlock); }

 private:
  primitives::atomic<bool> is_held_ = false;
};

template <std::memory_order kUnlock>
int check_spin_lock() {
  const auto result = slabproof::model::check([](slabproof::model::Run& run) {
    auto& lock = run.make<SpinLock<kUnlock>>();
    auto& total = run.make<primitives::plain<int>>(0);
    run.name(total, "total");
    run.threads(2, [&] {
      const primitives::lock_guard guard(lock);
      total = total + 1;
    });
    run.after([&] { slabproof::model::expect(total == 2, "an addition is lost"); });
  });
  std::fputs(result.report().c_str(), stdout);
  return result.exit_code();
}

int main(int argc, char**) {
  return argc == 1 ? check_spin_lock<std::memory_order_release>()
                   : check_spin_lock<std::memory_order_relaxed>();
}
