#include "model/search/explore.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "model/search/choice_schedulers.h"
#include "model/search/crash_guard.h"
#include "model/search/dpor_scheduler.h"
#include "model/search/execution_runner.h"
#include "model/search/stall_guard.h"
#include "model/search/thread_locals.h"

namespace slabproof::model {
namespace {

constexpr std::uint64_t kDefaultRandomIterations = 10'000;
// The reduction counts steps in 16 bits.
constexpr std::uint32_t kMaxSteps = 30'000;

constexpr std::array<std::pair<Search, std::string_view>, 6> kSearchNames{{
    {Search::kRandom, "random"},
    {Search::kBound, "bound"},
    {Search::kFull, "full"},
    {Search::kDpor, "dpor"},
    {Search::kBytes, "bytes"},
    {Search::kReplay, "replay"},
}};

bool is_relacys(Search search) {
  return search == Search::kFull || search == Search::kBound;
}

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Why this cannot be run, if so.
std::optional<std::string> refusal_of(const Execution& execution, const ExploreOptions& options) {
  const std::size_t threads = execution.thread_count();
  if (threads == 0) return "an Execution must have at least one thread; thread_count() gives 0";
  if (threads > kMaxModelThreads) {
    return fmt::format("an Execution may have at most {} threads; thread_count() gives {}",
                       kMaxModelThreads, threads);
  }
  if (options.search == Search::kReplay && options.schedule == nullptr) {
    return "a replay needs a schedule: set ExploreOptions::schedule";
  }
  return std::nullopt;
}

ExploreResult refused(std::string why) {
  ExploreResult result;
  result.violations = 1;
  result.violation = Failure{std::string(Failure::kUnsupported), std::move(why)};
  return result;
}

std::atomic<bool> search_runs = false;

/// The one search of the process.
class OnlySearch {
 public:
  OnlySearch() : is_ours_(!search_runs.exchange(true)) {
    if (is_ours_) Engine::instance().begin_search();
  }
  ~OnlySearch() {
    if (!is_ours_) return;
    Engine::instance().end_search();
    search_runs = false;
  }
  OnlySearch(const OnlySearch&) = delete;
  OnlySearch& operator=(const OnlySearch&) = delete;
  [[nodiscard]] bool is_ours() const noexcept { return is_ours_; }

 private:
  bool is_ours_;
};

/// One search, from the first execution to the last.
class Exploration {
 public:
  Exploration(Execution& execution, const ExploreOptions& options)
      : execution_(execution),
        options_(options),
        machine_(ExecutionRunner::with_threads(execution.thread_count())),
        settings_(options.run) {
    const Search search = options.search;
    settings_.unlock_is_step =
        search == Search::kReplay
            ? options.schedule->unlock_is_step
            : options.unlock_is_step.value_or(is_relacys(search) || search == Search::kRandom);
    if (settings_.step_limit > kMaxSteps) settings_.step_limit = kMaxSteps;
    settings_.outlive_failures = search == Search::kDpor && goes_on_after_failures();
    switch (search) {
      case Search::kRandom:
        scheduler_ = std::make_unique<RandomScheduler>(options.seed);
        break;
      case Search::kBytes:
        scheduler_ = std::make_unique<BytesScheduler>(options.bytes);
        break;
      case Search::kReplay:
        scheduler_ = std::make_unique<ReplayScheduler>(options.schedule->choices);
        break;
      case Search::kDpor: {
        auto dpor = std::make_unique<DporScheduler>(options.symmetry_class, options.part);
        dpor_ = dpor.get();
        if (settings_.outlive_failures && options.symmetry_class.empty()) dpor->make_starts_steps();
        scheduler_ = std::move(dpor);
        break;
      }
      case Search::kBound:
        machine_.start_tree_search(options.bound);
        break;
      case Search::kFull:
        machine_.start_tree_search(std::nullopt);
        break;
    }
  }

  ExploreResult run() {
    const Stopwatch watch;
    for (;;) {
      run_once();
      if (Engine::instance().uncontrolled() || is_decided()) break;
      if (!advance()) {
        is_finished_ = true;
        break;
      }
      if (limit_reached(watch)) break;
    }
    conclude();
    Engine::instance().end_search();
    result_.seconds = watch.seconds();
    // Not again, where the execution may wait for ever or may differ.
    if (Engine::instance().uncontrolled()) return std::move(result_);
    if (options_.trace && (result_.violation || options_.search == Search::kReplay)) trace();
    return std::move(result_);
  }

 private:
  void run_once() {
    thread_locals_.remember();
    if (scheduler_ != nullptr) {
      machine_.run(execution_, *scheduler_, settings_, nullptr);
    } else {
      machine_.run_tree(execution_, settings_);
    }
    if (thread_locals_.have_changed()) {
      Engine::instance().set_uncontrolled(
          "a thread_local variable was changed: the threads of the model share one thread of the "
          "operating system, and every thread_local with it; keep such state in the Execution",
          std::source_location());
    }
    const Engine& engine = Engine::instance();
    if (engine.is_abandoned() && scheduler_ != nullptr)
      scheduler_->cut_short(engine.scheduling_point());
    const bool redundant = dpor_ != nullptr && dpor_->redundant();
    if (dpor_ != nullptr && options_.on_part) {
      if (const auto prefix = dpor_->prefix()) options_.on_part(*prefix);
    }
    ++(redundant || engine.is_repetition() ? result_.redundant : result_.executions);
    if (engine.is_repetition()) return;
    if (engine.is_cut() && !redundant) is_cut_ = true;
    const std::optional<Failure> failure = engine.failure() ? engine.failure() : execution_.judge();
    if (failure && failure->property == Failure::kNoReplay) is_cut_ = true;
    if (failure && is_wanted(*failure)) {
      remember(*failure);
    } else if (options_.search == Search::kReplay || options_.search == Search::kBytes) {
      result_.schedule = present_schedule();
    }
    if (options_.on_execution) {
      options_.on_execution({failure ? &*failure : nullptr, redundant});
    }
  }

  [[nodiscard]] bool is_decided() const {
    if (!result_.violation || !options_.stop_on_violation) return false;
    return result_.verdict == Verdict::kViolated || options_.property.empty();
  }

  [[nodiscard]] bool goes_on_after_failures() const {
    return !options_.stop_on_violation || !options_.property.empty();
  }

  /// Also wanted is what could not be judged: of that no filter can say that it holds.
  [[nodiscard]] bool is_wanted(const Failure& failure) {
    if (options_.property.empty() || failure.property == options_.property) return true;
    if (failure.is_no_verdict() || Engine::instance().uncontrolled()) return true;
    is_passed_over_ = true;
    return false;
  }

  void remember(const Failure& failure) {
    const Verdict verdict = failure.is_no_verdict() ? Verdict::kUnsupported : Verdict::kViolated;
    if (verdict == Verdict::kViolated) ++result_.violations;
    if (result_.violation && worse_of(verdict, result_.verdict) == result_.verdict) return;
    result_.verdict = verdict;
    result_.violation = failure;
    result_.schedule = present_schedule();
  }

  /// What nothing has failed in holds if the search did what it set out to do.
  void conclude() {
    const bool is_whole = is_finished_ && !is_cut_ && !is_passed_over_;
    const bool is_sample = options_.search == Search::kRandom && !is_passed_over_;
    if (!result_.violation && (is_whole || is_sample)) result_.verdict = Verdict::kHolds;
    const bool is_all = options_.search == Search::kFull || options_.search == Search::kDpor;
    result_.exhaustive = is_all && is_whole && result_.verdict != Verdict::kUnsupported;
  }

  [[nodiscard]] Schedule present_schedule() const {
    const auto choices = Engine::instance().choices();
    return {settings_.unlock_is_step, {choices.begin(), choices.end()}};
  }

  bool advance() { return scheduler_ != nullptr ? scheduler_->advance() : machine_.advance_tree(); }

  [[nodiscard]] bool limit_reached(const Stopwatch& watch) const {
    const std::uint64_t run = result_.executions + result_.redundant;
    std::uint64_t most = options_.iterations;
    if (most == 0 && options_.search == Search::kRandom) most = kDefaultRandomIterations;
    if (most != 0 && run >= most) return true;
    // Reading the clock costs about as much as a step.
    constexpr std::uint64_t kClockPeriod = 64;
    return options_.time_limit > 0 && run % kClockPeriod == 0 &&
           watch.seconds() >= options_.time_limit;
  }

  /// Runs the schedule of the result again, and keeps the trace.
  void trace() {
    ReplayScheduler replay(result_.schedule.choices);
    machine_.run(execution_, replay, settings_, &result_.trace);
    std::optional<Failure> failure = Engine::instance().failure();
    if (!failure) failure = execution_.judge();
    result_.reproduced = failure == result_.violation;
    if (result_.violation && !result_.reproduced) {
      // With the message it reaches every report.
      result_.violation->message += fmt::format(
          " [not reproduced: run again, the same schedule {}; the program depends on something "
          "that the checker does not control]",
          failure ? "failed otherwise: " + failure->message : "did not fail");
    }
  }

  Execution& execution_;
  const ExploreOptions& options_;
  ExecutionRunner& machine_;
  RunSettings settings_;
  ThreadLocals thread_locals_;
  std::unique_ptr<Scheduler> scheduler_;
  DporScheduler* dpor_ = nullptr;
  ExploreResult result_;
  bool is_finished_ = false;     // there is no execution left to run
  bool is_cut_ = false;          // something was left out of an execution that was run
  bool is_passed_over_ = false;  // a failure that was not asked for
};

}  // namespace

std::string_view to_text(Search search) {
  for (const auto& [value, name] : kSearchNames) {
    if (value == search) return name;
  }
  return "unknown";
}

std::expected<Search, std::string> parse_search(std::string_view text) {
  std::string names;
  for (const auto& [value, name] : kSearchNames) {
    if (name == text) return value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return std::unexpected(fmt::format("'{}' is no search; there are {}", text, names));
}

ExploreResult explore(Execution& execution, const ExploreOptions& options) {
  if (runs_execution) {
    abandon_execution(Failure::kUnsupported,
                      "explore is called within an execution: run one search after the other",
                      std::source_location());
  }
  const OnlySearch search;
  if (!search.is_ours()) return refused("another search runs in this process: run one at a time");
  if (auto why = refusal_of(execution, options)) return refused(std::move(*why));
  const CrashGuard crash_guard;
  const StallGuard stall_guard(options.run.stall_limit);
  return Exploration(execution, options).run();
}

}  // namespace slabproof::model
