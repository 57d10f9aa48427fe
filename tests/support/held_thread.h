#ifndef SLABPROOF_TESTS_SUPPORT_HELD_THREAD_H_
#define SLABPROOF_TESTS_SUPPORT_HELD_THREAD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "tests/support/environment.h"

namespace slabproof::testing {

/// A thread that a test holds inside a call of the backing, and of which it knows whether it waits:
/// so what happens beside it is decided by the test and not by timing. It needs the policies of
/// observed_policies.h.
class HeldThread {
 public:
  /// Where the thread stops until `go_on`, for the first time that it comes there.
  enum class Hold : std::uint8_t { kNowhere, kInRequest, kInDiscard };

  /// Runs `action` in a new environment. Where the thread is to be held it is, when this returns.
  HeldThread(Hold hold, std::function<void()> action)
      : thread_([this, hold, action = std::move(action)] {
          Environment& mine = environment();
          mine.during_pause = [this] { ++looks_; };
          if (hold == Hold::kInRequest) hold_in(mine.during_request);
          if (hold == Hold::kInDiscard) hold_in(mine.during_discard);
          action();
          has_ended_ = true;
        }) {
    if (hold != Hold::kNowhere) is_held_.acquire();
  }

  void go_on() { may_go_on_.release(); }
  void join() { thread_.join(); }
  /// Until the thread has ended or has looked in vain once more. Whether it still waits.
  [[nodiscard]] bool still_waits() const {
    // Between two pauses that come from now on there is a look.
    const std::uint64_t enough = looks_ + 2;
    while (looks_ < enough) {
      if (has_ended_) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  void hold_in(std::function<void()>& call) {
    call = [this, &call] {
      call = nullptr;
      is_held_.release();
      may_go_on_.acquire();
    };
  }

  std::binary_semaphore is_held_{0};
  std::binary_semaphore may_go_on_{0};
  std::atomic<std::uint64_t> looks_ = 0;
  std::atomic<bool> has_ended_ = false;
  std::jthread thread_;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_HELD_THREAD_H_
