#include "model/search/stall_guard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <source_location>

#include "model/search/engine.h"

// Older C libraries have the member but not its name.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace slabproof::model {
namespace {

constexpr unsigned kTicks = 10;

// There is one at a time, and its handler runs in the thread that made it.
double limit = 0;
unsigned idle_ticks = 0;
Engine::Progress last_progress;

/// One that neither libFuzzer nor a test runner uses.
int tick_signal() noexcept {
  return SIGRTMIN + 7;
}

void on_tick(int /*signal*/, siginfo_t* /*info*/, void* /*context*/) {
  Engine& engine = Engine::instance();
  if (engine.phase() == Engine::Phase::kIdle || engine.quiet()) return;
  if (const Engine::Progress now = engine.progress(); now != last_progress) {
    last_progress = now;
    idle_ticks = 0;
    return;
  }
  // A thread of the operating system that uses a checked object waits for ever.
  if (++idle_ticks < kTicks && !engine.foreign_use()) return;
  engine.abandon_uncontrolled(
      fmt::format("{} has made no step for {} s: it waits for something that the checker does not "
                  "control, such as a std::mutex, a condition variable or a thread of the "
                  "operating system, or it loops without a checked operation",
                  engine.actor_name(), limit),
      std::source_location());
}

}  // namespace

StallGuard::StallGuard(double seconds) {
  if (seconds <= 0) return;
  limit = seconds;
  idle_ticks = 0;
  last_progress = {};

  struct sigaction action{};
  action.sa_sigaction = &on_tick;
  // The handler may be left by a jump, which does not restore the signal mask.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(tick_signal(), &action, &before_);

  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = tick_signal();
  event.sigev_notify_thread_id = ::gettid();
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) {
    ::sigaction(tick_signal(), &before_, nullptr);
    return;
  }
  timer_ = timer;
  constexpr double kNanoseconds = 1e9;
  const double period = seconds / kTicks;
  const auto whole = std::floor(period);
  itimerspec times{};
  times.it_interval.tv_sec = static_cast<time_t>(whole);
  times.it_interval.tv_nsec = static_cast<long>((period - whole) * kNanoseconds);
  times.it_value = times.it_interval;
  ::timer_settime(timer, 0, &times, nullptr);
}

StallGuard::~StallGuard() {
  if (!timer_) return;
  ::timer_delete(*timer_);
  ::sigaction(tick_signal(), &before_, nullptr);
}

}  // namespace slabproof::model
