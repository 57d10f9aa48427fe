// A cache that computes what it does not have, under a lock. With the argument "planted", it gives
// the lock back between the look and the insertion: two threads that miss compute twice.

#include <cstdio>
#include <map>

#include "slabproof/model/check.h"

template <class Sync, bool kHoldsLock>
class Cache {
 public:
  template <class Compute>
  int get(int key, Compute compute) {
    mutex_.lock();
    if (const auto found = values_.read().find(key); found != values_.read().end()) {
      const int value = found->second;
      mutex_.unlock();
      return value;
    }
    if (!kHoldsLock) mutex_.unlock();
    const int value = compute(key);
    if (!kHoldsLock) mutex_.lock();
    values_.write()[key] = value;
    mutex_.unlock();
    return value;
  }

 private:
  typename Sync::Mutex mutex_;
  typename Sync::template Var<std::map<int, int>> values_{std::map<int, int>()};
};

template <bool kHoldsLock>
int check_cache() {
  using slabproof::model::Checked;
  const auto result = slabproof::model::check([](slabproof::model::Run& run) {
    auto& cache = run.make<Cache<Checked, kHoldsLock>>();
    auto& computed = run.make<Checked::Atomic<int>>(0);
    run.threads(2, [&run, &cache, &computed] {
      run.observe(cache.get(3, [&](int key) {
        computed.fetch_add(1, std::memory_order_relaxed);
        return key * key;
      }));
    });
    run.after([&] {
      slabproof::model::expect(computed.load(std::memory_order_relaxed) == 1,
                               "a value is computed twice");
    });
  });
  std::fputs(result.report().c_str(), stdout);
  return result.exit_code();
}

int main(int argc, char**) {
  return argc == 1 ? check_cache<true>() : check_cache<false>();
}
