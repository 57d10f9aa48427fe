#ifndef SLABPROOF_TESTS_BENCH_CHECKED_CONTENDER_H_
#define SLABPROOF_TESTS_BENCH_CHECKED_CONTENDER_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/stamp.h"

namespace slabproof::bench {

/// What went wrong in the contenders that are checked, in words. Any thread may report.
class Faults {
 public:
  static void report(std::string what) {
    const std::scoped_lock guard(mutex());
    list().push_back(std::move(what));
  }
  /// Those since the last call.
  static std::vector<std::string> take() {
    const std::scoped_lock guard(mutex());
    return std::exchange(list(), {});
  }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static std::vector<std::string>& list() {
    static std::vector<std::string> instance;
    return instance;
  }
};

/// A contender that looks at each block: it must be aligned, share no byte with one that is live,
/// and still hold the stamp of its user when it is given back. For tests: each operation takes a
/// lock.
template <Contender C>
class Checked {
 public:
  static constexpr const char* kName = C::kName;
  static constexpr Needs kServes = C::kServes;
  static constexpr std::size_t kBytes = C::kBytes;

  explicit Checked(std::size_t max_live) : contender_(max_live) {}

  class Thread {
   public:
    Thread(Checked& checked, unsigned index)
        : checked_(checked), thread_(checked.contender_, index) {}

    void* allocate() {
      void* const block = thread_.allocate();
      checked_.add(block);
      return block;
    }
    void deallocate(void* block) {
      if (checked_.remove(block)) thread_.deallocate(block);
    }
    /// Its user wrote other things to it.
    void unstamp(void* block) { stamp(block); }

   private:
    Checked& checked_;
    typename C::Thread thread_;
  };

 private:
  void add(void* block) {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    const std::scoped_lock guard(mutex_);
    if (block == nullptr) return Faults::report("an allocation failed");
    if (address % alignof(Object<kBytes>) != 0) Faults::report("a block is not aligned");
    const auto next = live_.lower_bound(address);
    if ((next != live_.end() && next->first < address + kBytes) ||
        (next != live_.begin() && std::prev(next)->second > address)) {
      Faults::report("a block overlaps one that is live");
    }
    live_.emplace(address, address + kBytes);
  }

  [[nodiscard]] bool remove(void* block) {
    const std::scoped_lock guard(mutex_);
    if (live_.erase(reinterpret_cast<std::uintptr_t>(block)) == 0) {
      Faults::report("a block was freed that is not live");
      return false;
    }
    if (!is_stamped(block)) Faults::report("what was written to a block is lost");
    return true;
  }

  C contender_;
  std::mutex mutex_;
  std::map<std::uintptr_t, std::uintptr_t> live_;  // where a block begins and ends
};

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_CHECKED_CONTENDER_H_
