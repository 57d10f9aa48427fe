#include "slabproof/model/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <numeric>
#include <span>

#include "model/campaign/shared_array.h"
#include "model/campaign/worker_pool.h"
#include "model/check/check_progress.h"
#include "model/check/environment.h"
#include "model/check/share_outcome.h"
#include "model/graph/graph_explore.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/schedule.h"
#include "model/search/simpler_schedule.h"
#include "model/trace/trace_file.h"

namespace slabproof::model {

// ---- one execution ----

void* Run::place(std::size_t size, std::size_t alignment) {
  const CheckerScope ours;
  const std::size_t next = placed_++;
  if (next == places_.size()) places_.push_back({{nullptr, {alignment}}, 0});
  Place& place = places_[next];
  if (place.size != size || place.memory.get_deleter().alignment != alignment) {
    auto* const memory = static_cast<std::byte*>(::operator new(size, std::align_val_t(alignment)));
    place = {{memory, {alignment}}, size};
  }
  return place.memory.get();
}

void Run::own(void* object, void (*end)(void*) noexcept) {
  const CheckerScope ours;
  owned_.push_back({object, end});
}

void Run::note_outcome(std::string text) {
  const std::size_t actor = checker_hooks::running({}).actor;
  auto& notes = actor == 0 ? outcome_after_ : threads_[actor - 1].outcome;
  notes.push_back(text.empty() ? "?" : std::move(text));
}

void expect(bool condition, std::string_view what, std::source_location where) {
  if (!condition) checker_hooks::report("expectation", what, where);
}

void assume(bool condition, std::source_location where) {
  if (!condition) checker_hooks::leave_out(where);
}

// ---- the program ----

/// Runs a program's function for each execution, and what it has said for each thread.
class CheckedProgram final : public Execution {
 public:
  explicit CheckedProgram(const std::function<void(Run&)>& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return classes_.size(); }

  void before() override {
    begin();
    if (run_.threads_.size() == classes_.size()) return;
    checker_hooks::report_harness_defect(
        "the program has another number of threads than the first time: it must not depend on what "
        "executions before have left");
  }
  void thread(std::size_t index) override { run_.threads_[index].part(); }
  void after() override {
    for (const auto& judge : run_.after_) judge();
    end();
  }

  /// Runs the function once, without its threads, to find out which there are.
  [[nodiscard]] ExploreResult count_threads() {
    Counting counting(*this);
    ExploreOptions options;
    options.search = Search::kGraph;
    ExploreResult counted = explore(counting, graph::graph_runner, options);
    for (const Run::Thread& thread : run_.threads_) {
      classes_.push_back(static_cast<std::uint8_t>(thread.symmetry_class));
    }
    return counted;
  }

  /// Of each thread; those of one class are alike.
  [[nodiscard]] std::span<const std::uint8_t> classes() const { return classes_; }

  [[nodiscard]] std::vector<std::string> thread_names() const {
    std::vector<std::string> names;
    for (const Run::Thread& thread : run_.threads_) names.push_back(thread.name);
    return names;
  }

  /// Of the execution that ran last.
  [[nodiscard]] std::string outcome() const {
    std::vector<std::string> parts;
    for (const Run::Thread& thread : run_.threads_) {
      parts.push_back(thread.outcome.empty() ? "-"
                                             : fmt::format("{}", fmt::join(thread.outcome, " ")));
    }
    for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
      while (end < parts.size() && classes_[end] == classes_[begin]) ++end;
      std::sort(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                parts.begin() + static_cast<std::ptrdiff_t>(end));
    }
    if (!run_.outcome_after_.empty()) {
      parts.push_back(fmt::format("{}", fmt::join(run_.outcome_after_, " ")));
    }
    return fmt::format("{}", fmt::join(parts, " | "));
  }

 private:
  class Counting final : public Execution {
   public:
    explicit Counting(CheckedProgram& program) : program_(program) {}
    [[nodiscard]] std::size_t thread_count() const override { return 1; }
    void before() override { program_.begin(); }
    void thread(std::size_t /*index*/) override {}
    void after() override { program_.end(); }

   private:
    CheckedProgram& program_;
  };

  void begin() {
    {
      // Of an execution that was abandoned, nothing has ended.
      const CheckerScope ours;
      run_.owned_.clear();
      run_.threads_.clear();
      run_.after_.clear();
      run_.outcome_after_.clear();
      run_.placed_ = run_.symmetry_class_ = 0;
    }
    program_(run_);
  }
  void end() {
    for (std::size_t i = run_.owned_.size(); i > 0; --i) {
      run_.owned_[i - 1].end(run_.owned_[i - 1].object);
    }
  }

  const std::function<void(Run&)>& program_;
  Run run_;
  std::vector<std::uint8_t> classes_;
};

// ---- the check ----

namespace {

ExploreResult refused(std::string why) {
  ExploreResult result;
  result.verdict = Verdict::kUnsupported;
  result.violation = Failure{.defect = Defect::kUnsupported, .message = std::move(why)};
  return result;
}

/// The access of another thread that the failing one clashed with, if the trace knows it.
std::string clash_of(const Trace& trace) {
  for (const TraceEvent& event : trace.events) {
    if (!event.clashed) continue;
    const std::string place = to_text(event.place);
    return fmt::format("  conflicting access: {} {} {}{}{}\n", thread_name(trace, event.thread),
                       event.operation, event.object, place.empty() ? "" : " at ", place);
  }
  return {};
}

/// "1 old value and 3 switches between threads"
std::string to_text(const ScheduleComplexity& complexity) {
  const auto& [old_values, switches, choices] = complexity;
  return fmt::format("{} old value{} and {} switch{} between threads", old_values,
                     old_values == 1 ? "" : "s", switches, switches == 1 ? "" : "es");
}

std::string_view word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kInconclusive:
      return "inconclusive: nothing has failed, but something was left out";
    case Verdict::kUnsupported:
      return "not judged";
    case Verdict::kViolated:
      return "violated";
  }
  return {};
}

}  // namespace

std::string CheckResult::report() const {
  std::string text = fmt::format("{}: {} execution{}{}, {:.2f} s\n", word_for(verdict()),
                                 executions(), executions() == 1 ? "" : "s",
                                 exhaustive() ? ", exhaustive" : part_of_all(), search_.seconds);
  for (const std::string& warning : search_.warnings) text += fmt::format("  note: {}\n", warning);
  if (failure() == nullptr) return text;
  text += fmt::format("  {}\n{}", to_text(*failure()), clash_of(trace()));
  if (!trace().events.empty()) text += "\n" + to_text(trace());
  if (failed_first_) {
    text += fmt::format(
        "\nThis is the simplest schedule found, with {}; the first that failed has {}.\n",
        to_text(complexity_of(search_.schedule)), to_text(*failed_first_));
  }
  if (!replay_.empty()) {
    text += fmt::format(
        "\nRun this execution again:   SLABPROOF_REPLAY='{}'\n"
        "and see it as a page:       SLABPROOF_TRACE=trace.html\n",
        replay_);
  }
  if (!page_.empty()) text += page_ + "\n";
  return text;
}

/// Where a limit was reached, and it is known how much there is.
std::string CheckResult::part_of_all() const {
  constexpr double kLeast = 1e-4;  // less is beyond any estimate
  const double part = explored_part();
  if (verdict() != Verdict::kInconclusive || part == 0 || part == 1) return {};
  if (part < kLeast) return ", less than 0.01% of all by an estimate";
  return fmt::format(", {:.2g}% of all by an estimate", part * 100);
}

int CheckResult::exit_code() const noexcept {
  switch (verdict()) {
    case Verdict::kHolds:
      return 0;
    case Verdict::kViolated:
      return 1;
    case Verdict::kUnsupported:
      return 2;
    case Verdict::kInconclusive:
      return 3;
  }
  return 2;
}

namespace {

/// "queue_test.cc:40", or "queue_test.cc:40#2" for the second check that the process makes there.
std::string place_of_check(const std::source_location& where) {
  static std::map<std::string, std::size_t> checks;
  const std::string place = to_text(SourcePlace::of(where));
  const std::size_t count = ++checks[place];
  return count == 1 ? place : fmt::format("{}#{}", place, count);
}

}  // namespace

/// One call of `check`.
class Check {
 public:
  Check(const std::function<void(Run&)>& program, const CheckOptions& options,
        const std::source_location& where)
      : program_(program),
        options_(options),
        place_(place_of_check(where)),
        progress_(place_, options.progress_after) {}

  CheckResult run() {
    auto environment = read_environment(place_);
    if (!environment) {
      result_.search_ = refused(std::move(environment.error()));
      return std::move(result_);
    }
    if (environment->jobs) options_.jobs = *environment->jobs;
    shard_ = environment->shard;
    if (shard_.count > 1 && options_.search != Search::kGraph) {
      result_.search_ = refused("SLABPROOF_SHARD is for a check that searches by kGraph");
      return std::move(result_);
    }
    result_.search_ = program_.count_threads();
    if (result_.failure() == nullptr) {
      search(environment->replay);
      progress_.clear();
      if (options_.minimize && !environment->replay) minimize();
      if (shard_.count > 1 && !environment->replay) say_shard();
      result_.search_.trace.thread_names = program_.thread_names();
      if (result_.failure() != nullptr && result_.failure()->defect == Defect::kDataRace) {
        mark_clash(result_.search_.trace);
      }
      if (result_.failure() != nullptr && !result_.search_.schedule.choices.empty()) {
        result_.replay_ = fmt::format("{} {}", place_, to_text(result_.search_.schedule));
      }
    }
    if (result_.failure() != nullptr && is_wrong_use(result_.failure()->defect)) {
      result_.search_.verdict = Verdict::kUnsupported;
    }
    if (!environment->trace_file.empty() && !environment->is_of_another) {
      write_trace(environment->trace_file);
    }
    return std::move(result_);
  }

 private:
  /// Whether it says nothing of what is checked.
  static bool is_wrong_use(Defect defect) {
    return defect == Defect::kReplayMismatch || defect == Defect::kHarness;
  }

  void say_shard() {
    result_.search_.exhaustive = false;
    result_.search_.warnings.push_back(fmt::format(
        "shard {}/{}: all of them together explore every execution", shard_.index, shard_.count));
    if (result_.search_.executions != 0) return;
    result_.search_.warnings.push_back(
        "no execution of this shard; if no other has one either, nothing was checked");
  }

  /// So that jobs end together.
  static constexpr std::size_t kSharesOfAJob = 4;
  /// Whatever the jobs: machines with more or fewer of them must cut alike.
  static constexpr std::size_t kSharesOfAShard = 8;
  [[nodiscard]] std::size_t shares() const {
    return shard_.count > 1 ? kSharesOfAShard : options_.jobs * kSharesOfAJob;
  }

  void search(const std::optional<Schedule>& replay) {
    ExploreOptions explored = to_explore_options();
    if (replay) {
      result_.search_ = run_again(*replay, explored);
      return;
    }
    const auto explore_all = [&] {
      const bool is_cut = options_.jobs > 1 || shard_.count > 1;
      if (is_cut && options_.search == Search::kGraph) {
        explore_in_jobs(explored);
      } else {
        explore_alone(explored);
      }
    };
    explore_all();
    // That others go on where one assumes what is not so makes some searches longer.
    if (result_.failure() != nullptr && result_.failure()->defect == Defect::kAssumption) {
      explored.has_assumptions = true;
      explore_all();
    }
  }

  /// The limit is of the whole check, all jobs and both turns of a search with assumptions.
  [[nodiscard]] ExploreOptions with_rest_of_time(ExploreOptions explored) const {
    if (options_.seconds <= 0) return explored;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
    constexpr double kOver = 1e-9;  // 0 would be no limit
    explored.time_limit = std::max(options_.seconds - passed.count(), kOver);
    return explored;
  }

  void explore_alone(const ExploreOptions& explored) {
    const RunnerFactory runner_for =
        explored.search == Search::kGraph ? graph::graph_runner : relacy_runner;
    result_.outcomes_.clear();
    result_.search_ = explore(program_, runner_for, with_rest_of_time(explored));
  }

  ExploreResult run_again(const Schedule& schedule, ExploreOptions explored) {
    explored.search = Search::kReplay;
    explored.share = {};
    explored.schedule = &schedule;
    return explore(program_, schedule.is_graph ? graph::graph_runner : relacy_runner, explored);
  }

  /// Of a violation, the schedule that is reported. What was counted stays.
  void minimize() {
    constexpr double kSeconds = 2;  // as for the slab, see MinimizeLimits
    ExploreResult& found = result_.search_;
    if (found.verdict != Verdict::kViolated || !found.reproduced) return;
    ExploreOptions explored = to_explore_options();
    // What held in an execution that was only tried is an outcome that nobody asked for.
    explored.on_execution = {};
    explored.trace = false;
    const auto replay = [&](const Schedule& schedule) {
      ExploreOptions adapted = explored;
      adapted.adapts_schedule = true;
      return run_again(schedule, adapted);
    };
    const Schedule simpler = simpler_schedule(found.schedule, *found.violation, replay, kSeconds);
    if (simpler == found.schedule) return;
    explored.trace = true;
    ExploreResult again = run_again(simpler, explored);
    if (!again.violation || again.violation->defect != found.violation->defect) return;
    result_.failed_first_ = complexity_of(found.schedule);
    found.violation = std::move(again.violation);
    found.schedule = simpler;
    found.trace = std::move(again.trace);
  }

  /// How far a process is with its share of a search.
  struct ShareProgress {
    std::atomic<std::uint64_t> executions{0};
    std::atomic<double> part{0};
  };
  static SearchProgress sum_of(SharedArray<ShareProgress>& shares) {
    SearchProgress sum;
    double count = 0;
    for (const ShareProgress& share : shares) {
      sum.executions += share.executions;
      sum.part += share.part;
      ++count;
    }
    sum.part /= count;
    return sum;
  }

  /// Shares of the search in processes; what fails in one is run again in this one.
  void explore_in_jobs(const ExploreOptions& explored) {
    const std::size_t shares = this->shares();
    SharedArray<ShareProgress> progress(shares);
    WorkerPool pool(options_.jobs, [&](std::size_t share) {
      ExploreOptions part = explored;
      // Of the shard, which is itself a share of all.
      part.share = {.index = share * shard_.count + shard_.index, .count = shares * shard_.count};
      part.trace = false;
      part.on_progress = [&, share](const SearchProgress& now) {
        progress[share].executions = now.executions;
        progress[share].part = now.part;
      };
      if (part.iterations != 0) part.iterations = (part.iterations + shares - 1) / shares;
      explore_alone(part);
      part.on_progress({.executions = result_.search_.executions, .part = 1});
      return ShareOutcome::of(result_.search_, result_.outcomes_).to_line();
    });
    std::vector<std::size_t> tasks(shares);
    std::iota(tasks.begin(), tasks.end(), std::size_t{0});
    ShareOutcome all;
    all.verdict = Verdict::kHolds;
    all.exhaustive = true;
    std::size_t reported = 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto lost = pool.run(
        tasks,
        [&](std::size_t /*share*/, const std::string& line) {
          all.add(ShareOutcome::from_line(line));
          ++reported;
          // What fails decides; the other shares need not be explored.
          if (all.verdict == Verdict::kViolated) pool.stop();
        },
        [&] { progress_.show(sum_of(progress)); });
    if (reported != shares) all.exhaustive = false;
    if (!lost.empty()) {
      all.exhaustive = false;
      all.verdict = worse_of(all.verdict, Verdict::kInconclusive);
    }
    // Each repetition is of an execution, so there must be one.
    if (all.executions == 0 && all.redundant != 0 && shard_.count == 1) {
      all.exhaustive = false;
      all.verdict = worse_of(all.verdict, Verdict::kInconclusive);
    }
    result_.search_ = {};
    if (!all.schedule.empty()) {
      result_.search_ = run_again(parse_schedule(all.schedule).value_or(Schedule{}), explored);
    }
    ExploreResult& search = result_.search_;
    if (all.verdict == Verdict::kViolated && !search.violation) {
      search.violation = Failure{.defect = Defect::kNondeterminism,
                                 .message =
                                     "what failed in one process does not fail again: the "
                                     "program depends on something that the checker does "
                                     "not control"};
    }
    search.executions = all.executions;
    search.redundant = all.redundant;
    search.verdict = all.verdict;
    search.exhaustive = all.exhaustive;
    search.explored_part = all.explored_part / static_cast<double>(shares);
    search.warnings = std::move(all.warnings);
    search.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result_.outcomes_ = std::move(all.outcomes);
  }

  ExploreOptions to_explore_options() {
    ExploreOptions explored;
    explored.search = options_.search;
    explored.bound = options_.bound;
    explored.iterations = options_.executions;
    explored.seed = options_.seed;
    explored.share = shard_;
    const bool can_reduce = options_.search == Search::kGraph || options_.search == Search::kDpor;
    if (options_.symmetry && can_reduce) explored.symmetry_class = program_.classes();
    explored.run.memory_model = options_.memory_model;
    explored.run.report_leaks = true;
    explored.on_progress = [this](const SearchProgress& now) { progress_.show(now); };
    explored.on_execution = [this](const ExecutionEnd& end) {
      if (end.failure == nullptr && !end.redundant) result_.outcomes_.insert(program_.outcome());
    };
    return explored;
  }

  void write_trace(const std::string& file) {
    if (result_.trace().events.empty()) return;
    TraceHeading heading;
    heading.program = "check at " + place_;
    if (result_.failure() != nullptr) {
      heading.property = name_of(*result_.failure());
      heading.message = to_text(*result_.failure());
      heading.replay = fmt::format("SLABPROOF_REPLAY='{}'", result_.replay_);
    }
    std::ofstream out(file, std::ios::binary);
    out << render_trace(file, heading, result_.trace()) << std::flush;
    result_.page_ = out ? "The trace is in " + file : "The trace could not be written to " + file;
  }

  CheckedProgram program_;
  CheckOptions options_;
  ExploreOptions::Share shard_ = {};  // of the environment
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const std::string place_;
  CheckProgress progress_;
  CheckResult result_;
};

CheckResult check(const std::function<void(Run&)>& program, const CheckOptions& options,
                  std::source_location where) {
  return Check(program, options, where).run();
}

}  // namespace slabproof::model
