#include "tests/soak/soak.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string_view>
#include <vector>

#include "model/command/progress_line.h"
#include "tests/soak/resident_memory.h"
#include "tests/soak/round.h"
#include "tests/soak/subject.h"

namespace slabproof::soak {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::atomic<bool> interrupted = false;
/// What to say if the process crashes now; complete before the round begins.
std::array<char, 512> crash_message{};
std::atomic<std::size_t> crash_message_size = 0;

void say_and_end(int /*signal*/) {
  const auto written = ::write(STDOUT_FILENO, crash_message.data(), crash_message_size.load());
  std::_Exit(written < 0 ? 2 : 1);
}

void watch_signals() {
  const auto on = [](int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    ::sigaction(signal, &action, nullptr);
  };
  for (const int signal : {SIGINT, SIGTERM}) on(signal, [](int) { interrupted.store(true); });
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) on(signal, &say_and_end);
}

class Soak {
 public:
  explicit Soak(const SoakOptions& options) : options_(options), number_(options.first_round) {
    for (const Kind& kind : kinds()) {
      if (options.kind.empty() || options.kind == kind.name) kinds_.push_back(&kind);
    }
  }

  int run() {
    if (kinds_.empty()) {
      fmt::print(stderr, "soak: no configuration is named \"{}\"; --list lists them\n",
                 options_.kind);
      return 2;
    }
    watch_signals();
    fmt::print("seed {}\n", options_.seed);
    std::fflush(stdout);
    std::optional<std::string> complaint;
    while (!complaint && !interrupted.load() && part_done() < 1) {
      const RoundSetup setup = round_setup(options_.seed, number_, kinds_, options_.most_threads);
      prepare_crash_message(setup);
      complaint = run_round(setup);
      if (!complaint) complaint = judge_memory();
      if (complaint) report(setup, *complaint);
      if (!interrupted.load()) ++rounds_;
      ++number_;
    }
    line_.clear();
    summarize();
    if (complaint) return 1;
    return interrupted.load() ? 3 : 0;
  }

 private:
  /// A round takes a second or so; a thread that waits for ever is stopped by nothing else.
  static constexpr double kSecondsUntilItHangs = 300;
  static constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  /// What the heap and the kernel may keep of a round that is over.
  static constexpr std::size_t kMostLeftOver = 64 * kMebibyte;

  [[nodiscard]] double part_done() const {
    if (options_.rounds) {
      return static_cast<double>(rounds_) / static_cast<double>(*options_.rounds);
    }
    return seconds_since(begin_) / (options_.minutes * 60);
  }

  std::optional<std::string> run_round(const RoundSetup& setup) {
    Round round(setup);
    auto outcome = std::async(std::launch::async, [&] { return round.run(interrupted); });
    std::uint64_t progress = 0;
    Clock::time_point last_progress = Clock::now();
    while (outcome.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      show_progress(round.progress());
      if (const std::uint64_t now = round.progress(); now != progress) {
        progress = now;
        last_progress = Clock::now();
      }
      if (seconds_since(last_progress) > kSecondsUntilItHangs) {
        report(setup, "nothing moves: a thread hangs");
        std::_Exit(1);
      }
    }
    const auto complaint = outcome.get();
    work_ += round.work();
    show_progress(0);
    return complaint;
  }

  /// The slab is gone, so what a round took must be gone as well.
  std::optional<std::string> judge_memory() {
    const std::size_t now = resident_bytes();
    if (first_resident_ == 0) first_resident_ = now;
    most_resident_ = std::max(most_resident_, now);
    if (now <= first_resident_ + kMostLeftOver) return std::nullopt;
    return fmt::format("memory grows: {} MiB at rest, and {} MiB after the first round",
                       now / kMebibyte, first_resident_ / kMebibyte);
  }

  void show_progress(std::uint64_t operations) {
    line_.show(fmt::format("{} rounds, {} operations", rounds_, work_.operations + operations),
               part_done(), seconds_since(begin_));
  }

  [[nodiscard]] std::string place_of(const RoundSetup& setup) const {
    std::string repeat = fmt::format("--seed {} --first-round {} --rounds 1 --threads {}",
                                     options_.seed, number_, options_.most_threads);
    if (!options_.kind.empty()) repeat += " --kind " + options_.kind;
    return fmt::format("in round {}: {}\nrepeat with: ./verify soak {}\n", number_, setup.to_text(),
                       repeat);
  }

  void prepare_crash_message(const RoundSetup& setup) {
    const std::string text = "\nVIOLATED: a crash " + place_of(setup);
    crash_message_size.store(std::min(text.size(), crash_message.size()));
    std::copy_n(text.data(), crash_message_size.load(), crash_message.data());
  }

  void report(const RoundSetup& setup, std::string_view complaint) {
    line_.clear();
    fmt::print("VIOLATED: {}, {}", complaint, place_of(setup));
    std::fflush(stdout);
  }

  void summarize() const {
    if (interrupted.load()) fmt::print("interrupted after {:.0f}%\n", part_done() * 100);
    fmt::print(
        "{} rounds of {} configurations in {:.1f} s: {} operations in {} threads, {} requests "
        "refused, {} calls failed, {} trims, {} forks; {} MiB at rest at most\n",
        rounds_, kinds_.size(), seconds_since(begin_), work_.operations, work_.threads,
        work_.refusals, work_.failures, work_.trims, work_.forks, most_resident_ / kMebibyte);
  }

  const SoakOptions options_;
  std::vector<const Kind*> kinds_;
  const Clock::time_point begin_ = Clock::now();
  std::uint64_t number_;
  std::uint64_t rounds_ = 0;
  Work work_;
  std::size_t first_resident_ = 0;
  std::size_t most_resident_ = 0;
  model::ProgressLine line_;
};

}  // namespace

int run_soak(const SoakOptions& options) {
  return Soak(options).run();
}

}  // namespace slabproof::soak
