#include "model/search/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "model/search/choice_schedulers.h"
#include "model/search/dpor_scheduler.h"
#include "model/search/execution_runner.h"
#include "model/search/tree_progress.h"

namespace slabproof::model {
namespace {

constexpr std::uint64_t kDefaultRandomIterations = 10'000;
// The reduction counts steps in 16 bits.
constexpr std::uint32_t kMaxSteps = 30'000;
// Reading the clock costs about as much as a step.
constexpr std::uint64_t kClockPeriod = 64;

constexpr std::string_view kMayBeFalse =
    "the failure may be false: its execution has seq_cst fences and seq_cst accesses, which Relacy "
    "does not order with each other as C++20 does; --search graph tells";

constexpr std::array<std::pair<Search, std::string_view>, 7> kSearchNames{{
    {Search::kDpor, "dpor"},
    {Search::kStates, "states"},
    {Search::kGraph, "graph"},
    {Search::kFull, "full"},
    {Search::kBound, "bound"},
    {Search::kRandom, "random"},
    {Search::kReplay, "replay"},
}};

bool is_of_the_runner(Search search) {
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
  if (threads > kMaxThreads) {
    return fmt::format("an Execution may have at most {} threads; thread_count() gives {}",
                       kMaxThreads, threads);
  }
  if (options.search == Search::kReplay && options.schedule == nullptr) {
    return "a replay needs a schedule: set ExploreOptions::schedule";
  }
  if (options.search == Search::kStates && options.states == nullptr) {
    return "a search over states needs what compares them: set ExploreOptions::states";
  }
  if (options.search == Search::kStates && !kKnowsLocalStates) {
    return "a search over states needs the local states of threads, which are known on x86-64 "
           "only; "
           "use dpor or graph";
  }
  return std::nullopt;
}

ExploreResult refused(std::string why) {
  ExploreResult result;
  result.verdict = Verdict::kUnsupported;
  result.violation = Failure{.defect = Defect::kUnsupported, .message = std::move(why)};
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

std::unique_ptr<Scheduler> scheduler_of_schedule(const ExploreOptions& options) {
  const std::vector<Choice>& choices = options.schedule->choices;
  if (options.adapts_schedule) return std::make_unique<AdaptingScheduler>(choices);
  return std::make_unique<ReplayScheduler>(choices);
}

/// One search, from the first execution to the last.
class Exploration {
 public:
  Exploration(Execution& execution, ExecutionRunner& runner, const ExploreOptions& options)
      : execution_(execution), options_(options), runner_(runner), settings_(options.run) {
    const Search search = options.search;
    settings_.unlock_is_step = search == Search::kReplay
                                   ? options.schedule->unlock_is_step
                                   : options.unlock_is_step.value_or(is_of_the_runner(search) ||
                                                                     search == Search::kRandom);
    if (settings_.step_limit > kMaxSteps) settings_.step_limit = kMaxSteps;
    // The names of parts hold the choices of executions in which threads start first.
    settings_.outlive_failures =
        goes_on_after_failures() &&
        (search == Search::kGraph || (search == Search::kDpor && options.part.split_depth == 0));
    switch (search) {
      case Search::kRandom:
        own_scheduler_ = std::make_unique<RandomScheduler>(options.seed);
        break;
      case Search::kReplay:
        own_scheduler_ = scheduler_of_schedule(options);
        break;
      case Search::kDpor: {
        auto dpor = std::make_unique<DporScheduler>(options.symmetry_class, options.part);
        dpor_ = dpor.get();
        if (settings_.outlive_failures && options.symmetry_class.empty()) dpor->make_starts_steps();
        own_scheduler_ = std::move(dpor);
        break;
      }
      case Search::kStates:
        states_ = options.states;
        break;
      case Search::kBound:
        runner_.start_tree_search(options.bound);
        break;
      case Search::kGraph:
        runner_.set_symmetry(options.symmetry_class);
        [[fallthrough]];
      case Search::kFull:
        runner_.start_tree_search(std::nullopt);
        break;
    }
    scheduler_ = states_ != nullptr ? states_ : own_scheduler_.get();
  }

  ExploreResult run() {
    const Stopwatch watch;
    for (bool goes_on = reach_share(watch); goes_on;) {
      run_once();
      if (Engine::instance().uncontrolled()) break;
      if (is_decided()) break;
      if (!advance()) {
        is_finished_ = true;
        break;
      }
      if (limit_reached(watch)) break;
      report_progress(watch);
    }
    conclude();
    result_.warnings = Engine::instance().warnings();
    if (may_be_false_) result_.warnings.emplace_back(kMayBeFalse);
    Engine::instance().end_search();
    result_.seconds = watch.seconds();
    // Not again, where the execution may wait for ever or may differ.
    if (Engine::instance().uncontrolled()) return std::move(result_);
    // Nor what this search refuses, and a replay does not.
    const bool is_refused = states_ != nullptr && result_.verdict == Verdict::kUnsupported;
    if (options_.trace && !is_refused &&
        (result_.violation || options_.search == Search::kReplay)) {
      trace();
    }
    return std::move(result_);
  }

 private:
  /// Runs the executions that come before all shares are found; they belong to the first share,
  /// which has no others. False if nothing is left for this share, or a limit is reached.
  bool reach_share(const Stopwatch& watch) {
    const auto& [index, count] = options_.share;
    if (count == 1) return true;
    for (is_of_share_ = index == 0;;) {
      run_once();
      if (Engine::instance().uncontrolled() || is_decided()) return false;
      if (runner_.put_aside() >= count - 1) break;
      is_finished_ = !runner_.advance_tree_in_breadth();
      if (is_finished_ || limit_reached(watch)) return false;
    }
    is_finished_ = index == 0;
    if (is_finished_) return false;
    is_of_share_ = true;
    runner_.keep_share(index - 1, count - 1);
    tree_.begin_with(runner_.put_aside());
    is_finished_ = !advance();
    return !is_finished_;
  }

  void run_once() {
    ++runs_;
    const ExecutionResult ran = scheduler_ != nullptr
                                    ? runner_.run(execution_, *scheduler_, settings_, nullptr)
                                    : runner_.run_tree(execution_, settings_);
    const bool is_abandoned = ran.failure != nullptr || ran.is_repetition;
    if (is_abandoned && scheduler_ != nullptr) scheduler_->cut_short(*ran.end);
    // That the program assumes something is news to every share: the search begins again.
    const bool is_first_assumption = !options_.has_assumptions && ran.failure != nullptr &&
                                     ran.failure->defect == Defect::kAssumption;
    if (!is_of_share_ && !is_first_assumption && !Engine::instance().uncontrolled()) return;
    const bool redundant = dpor_ != nullptr && dpor_->redundant();
    if (dpor_ != nullptr && options_.on_part) {
      if (const auto prefix = dpor_->prefix()) options_.on_part(*prefix);
    }
    const bool is_left_out = options_.has_assumptions && ran.failure != nullptr &&
                             ran.failure->defect == Defect::kAssumption;
    ++(redundant || ran.is_repetition || is_left_out ? result_.redundant : result_.executions);
    if (ran.is_cut && !redundant) is_cut_ = true;
    if (is_left_out) return;
    if (ran.is_repetition && ran.failure == nullptr) {
      if (options_.on_repetition) options_.on_repetition();
      return;
    }
    const bool goes_on = options_.search != Search::kGraph && dpor_ == nullptr;
    if (!goes_on && ran.failure != nullptr && !settings_.outlive_failures) is_cut_ = true;
    std::optional<Failure> failure = judged(ran);
    if (!failure && states_ != nullptr) failure = states_->missing_failure();
    const ExecutionEnd end{.failure = failure ? &*failure : nullptr,
                           .abandoned = ran.failure != nullptr,
                           .redundant = redundant,
                           .unlock_is_step = settings_.unlock_is_step,
                           .choices = ran.choices,
                           .is_graph = is_on_graphs(),
                           .runner = is_on_graphs() ? &runner_ : nullptr};
    if (failure && is_wanted(*failure)) {
      remember(end);
    } else if (options_.search == Search::kReplay) {
      result_.schedule = end.schedule();
    }
    if (options_.on_execution) options_.on_execution(end);
  }

  /// What is wrong with the execution that ran last.
  [[nodiscard]] std::optional<Failure> judged(const ExecutionResult& ran) {
    if (ran.failure != nullptr) return *ran.failure;
    std::optional<Failure> failure = execution_.judge();
    return failure ? failure : Engine::instance().survivor();
  }

  [[nodiscard]] bool is_on_graphs() const {
    return options_.search == Search::kGraph ||
           (options_.search == Search::kReplay && options_.schedule->is_graph);
  }

  [[nodiscard]] bool is_decided() const {
    if (!result_.violation || !options_.stop_on_violation) return false;
    return result_.verdict == Verdict::kViolated || !options_.is_wanted;
  }

  [[nodiscard]] bool goes_on_after_failures() const {
    return !options_.stop_on_violation || options_.is_wanted || options_.has_assumptions;
  }

  /// Also wanted is what could not be judged: of that no filter can say that it holds.
  [[nodiscard]] bool is_wanted(const Failure& failure) {
    if (!options_.is_wanted || options_.is_wanted(failure) || failure.is_no_verdict()) return true;
    is_passed_over_ = true;
    return false;
  }

  void remember(const ExecutionEnd& end) {
    const bool is_no_verdict = end.failure->is_no_verdict();
    const Verdict verdict = is_no_verdict ? Verdict::kUnsupported : Verdict::kViolated;
    if (verdict == Verdict::kViolated) ++result_.violations;
    if (result_.violation && worse_of(verdict, result_.verdict) == result_.verdict) return;
    result_.verdict = verdict;
    result_.violation = *end.failure;
    may_be_false_ = Engine::instance().orders_fences_with_accesses();
    result_.schedule = end.schedule();
  }

  /// What nothing has failed in holds if the search did what it set out to do.
  void conclude() {
    // Each repetition is of an execution, so there must be one; not in each part of a search.
    const bool is_part = options_.share.count != 1 || options_.part.split_depth != 0;
    const bool has_lost = !is_part && result_.executions == 0 && result_.redundant != 0;
    const bool has_left_out = states_ != nullptr && states_->has_left_out();
    const bool is_whole =
        is_finished_ && !is_cut_ && !is_passed_over_ && !has_lost && !has_left_out;
    if (states_ != nullptr) {
      result_.states = states_->counts();
      result_.is_out_of_memory = states_->is_out_of_memory();
    }
    const bool is_sample = options_.search == Search::kRandom && !is_passed_over_ && !has_lost;
    if (!result_.violation && (is_whole || is_sample)) result_.verdict = Verdict::kHolds;
    const bool is_all = options_.search == Search::kFull || options_.search == Search::kDpor ||
                        options_.search == Search::kGraph || options_.search == Search::kStates;
    result_.exhaustive = is_all && is_whole && result_.verdict != Verdict::kUnsupported;
    if (is_all) result_.explored_part = is_finished_ ? 1 : explored_part();
  }

  bool advance() {
    if (scheduler_ != nullptr) return scheduler_->advance();
    if (options_.search == Search::kGraph) tree_.reach_leaf(runner_.put_aside());
    if (!runner_.advance_tree()) return false;
    if (options_.search == Search::kGraph) tree_.go_on(runner_.put_aside());
    return true;
  }

  /// Of all executions, or of those of the share; 0 where that is not known.
  [[nodiscard]] double explored_part() const {
    return options_.search == Search::kGraph && is_of_share_ ? tree_.part() : 0;
  }

  void report_progress(const Stopwatch& watch) const {
    if (!options_.on_progress || runs_ % kClockPeriod != 0) return;
    SearchProgress progress{.executions = result_.executions, .part = explored_part()};
    if (const std::uint64_t most = most_executions(); most != 0) {
      progress.part =
          std::max(progress.part, static_cast<double>(runs_) / static_cast<double>(most));
    }
    if (options_.time_limit > 0) {
      progress.part = std::max(progress.part, watch.seconds() / options_.time_limit);
    }
    progress.part = std::min(progress.part, 1.0);
    options_.on_progress(progress);
  }

  /// 0: no limit.
  [[nodiscard]] std::uint64_t most_executions() const {
    if (options_.iterations != 0 || options_.search != Search::kRandom) return options_.iterations;
    return kDefaultRandomIterations;
  }

  [[nodiscard]] bool limit_reached(const Stopwatch& watch) const {
    const std::uint64_t most = most_executions();
    if (most != 0 && runs_ >= most) return true;
    return options_.time_limit > 0 && runs_ % kClockPeriod == 0 &&
           watch.seconds() >= options_.time_limit;
  }

  /// Runs the schedule of the result again, and keeps the trace.
  void trace() {
    ReplayScheduler replay(result_.schedule.choices);
    const ExecutionResult ran = runner_.run(execution_, replay, settings_, &result_.trace);
    const std::optional<Failure> failure = judged(ran);
    result_.reproduced = failure == result_.violation;
    if (result_.violation && !result_.reproduced) {
      // With the message it reaches every report.
      result_.violation->message += fmt::format(
          " [not reproduced: run again, the same schedule {}; the program depends on something "
          "that the checker does not control]",
          failure ? "failed otherwise: " + to_text(*failure) : "did not fail");
    }
  }

  Execution& execution_;
  const ExploreOptions& options_;
  ExecutionRunner& runner_;
  RunSettings settings_;
  std::unique_ptr<Scheduler> own_scheduler_;
  Scheduler* scheduler_ = nullptr;  // null where the runner's own search decides
  DporScheduler* dpor_ = nullptr;
  StateSearch* states_ = nullptr;
  TreeProgress tree_;  // of the runner's own search on graphs
  ExploreResult result_;
  std::uint64_t runs_ = 0;       // also of what belongs to other shares
  bool may_be_false_ = false;    // the failure that is remembered
  bool is_finished_ = false;     // there is no execution left to run
  bool is_of_share_ = true;      // whether what runs belongs to the share to be explored
  bool is_cut_ = false;          // something was left out of an execution that was run
  bool is_passed_over_ = false;  // a failure that was not asked for
};

}  // namespace

Schedule ExecutionEnd::schedule() const {
  Schedule schedule{.unlock_is_step = unlock_is_step, .choices = {}, .is_graph = is_graph};
  if (runner != nullptr) {
    schedule.choices = runner->last_choices();
  } else {
    schedule.choices.assign(choices.begin(), choices.end());
  }
  return schedule;
}

std::string_view to_text(Search search) {
  for (const auto& [value, name] : kSearchNames) {
    if (value == search) return name;
  }
  return "unknown";
}

std::expected<Search, std::string> parse_search(std::string_view text) {
  std::string names;
  for (const auto& [value, name] : kSearchNames) {
    if (value == Search::kReplay) continue;
    if (name == text) return value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return std::unexpected(fmt::format("unknown search '{}'; expected {}", text, names));
}

ExploreResult explore(Execution& execution, const RunnerFactory& runner_for,
                      const ExploreOptions& options) {
  if (runs_execution) {
    abandon_execution(Defect::kUnsupported,
                      "explore is called within an execution: run one search after the other");
  }
  const OnlySearch search;
  if (!search.is_ours()) return refused("another search runs in this process: run one at a time");
  if (auto why = refusal_of(execution, options)) return refused(std::move(*why));
  ExecutionRunner& runner = runner_for(execution.thread_count());
  const auto scope = runner.begin_search(options.run);
  return Exploration(execution, runner, options).run();
}

}  // namespace slabproof::model
