#ifndef SLABPROOF_TESTS_STRUCTURES_EXCLUSION_CLIENT_H_
#define SLABPROOF_TESTS_STRUCTURES_EXCLUSION_CLIENT_H_

#include <cstddef>

namespace slabproof::structures {

/// Threads that count under a lock, some rounds each. Where the lock does not exclude or does not
/// publish, there is a data race.
template <class Lock>
class ExclusionClient {
 public:
  struct Config {
    std::size_t threads = 2;
    unsigned rounds = 1;
    Lock::Orders orders{};
  };

  explicit ExclusionClient(const Config& config) : config_(config), lock_(config.orders) {}

  void run(std::size_t thread) {
    for (unsigned i = 0; i < config_.rounds; ++i) {
      lock_.lock(thread);
      ++count_.write();
      lock_.unlock(thread);
    }
  }

  const char* complaint() {
    return count_.read() == config_.threads * config_.rounds ? nullptr : "a count is lost";
  }

 private:
  Config config_;
  Lock lock_;
  Lock::Sync::template Var<std::size_t> count_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_EXCLUSION_CLIENT_H_
