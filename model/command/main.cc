#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/campaign/estimate.h"
#include "model/campaign/recorded_execution.h"
#include "model/campaign/run.h"
#include "model/campaign/run_result.h"
#include "model/campaign/suite.h"
#include "model/command/merge.h"
#include "model/command/options.h"
#include "model/command/output_file.h"
#include "model/command/progress_line.h"
#include "model/command/report.h"
#include "model/command/standard_streams.h"
#include "model/command/terminal_color.h"
#include "model/program/enumeration.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/program/scenario.h"
#include "model/program/slab_setup.h"
#include "model/search/failure.h"
#include "model/search/trace.h"
#include "model/slab/property.h"
#include "model/trace/trace_file.h"
#include "model/trace/trace_svg.h"

namespace slabproof::model {
namespace {

std::string read_all(const std::string& name) {
  if (name == kStandardStream) return {std::istreambuf_iterator<char>(std::cin), {}};
  if (std::filesystem::is_directory(name)) {
    throw std::invalid_argument(fmt::format("\"{}\" is a directory", name));
  }
  std::ifstream stream(name);
  if (!stream) throw FileError("read", name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Nothing where no file is wanted: then no steps are made.
StepsSink sink_of(OutputFile& file) {
  if (!file.is_wanted()) return {};
  return [&file](const std::string& text) { file.write(text); };
}

/// The options that say which slab it is, and how it is searched where that is not the default.
std::string kind_of(const Scenario& scenario) {
  const SlabSetup& slab = scenario.slab;
  std::string options =
      slab.family == SlabFamily::kShared
          ? fmt::format(" --recheck {}", recheck_name(slab.recheck_all))
          : fmt::format(" --slab {} --batch {}", to_text(slab.family), slab.batch);
  if (slab.initial_segments != 0) options += fmt::format(" --initial {}", slab.initial_segments);
  if (scenario.has_many_threads) options += " --search states";
  return options;
}

void list_scenarios() {
  for (const auto& [suite, name] :
       {std::pair(default_suite(), "default"), {deep_suite(), "deep"}}) {
    for (const Scenario& scenario : suite) {
      print_output(fmt::format("{} ({} suite)\n  {}\n  --program \"{}\" --capacity {}{}\n",
                               scenario.name, name, scenario.race, scenario.program,
                               scenario.slab.capacity, kind_of(scenario)));
    }
  }
}

std::vector<CheckJob> jobs_of(const CommandOptions& options) {
  return options.enumeration ? enumerate_jobs(*options.enumeration) : options.jobs;
}

std::size_t widest_name(const std::vector<CheckJob>& jobs) {
  std::size_t widest = 0;
  for (const CheckJob& job : jobs) widest = std::max(widest, name_of(job).size());
  return widest;
}

/// How far a suite is, by the weight of what is finished.
class SuiteLine {
 public:
  explicit SuiteLine(const std::vector<CheckJob>& jobs) {
    for (const CheckJob& job : jobs) {
      weight_up_to_.push_back((weight_up_to_.empty() ? 0 : weight_up_to_.back()) +
                              weight_of(job.program));
    }
  }

  void show(const SuiteProgress& progress) {
    const double part = progress.jobs_finished == 0
                            ? 0
                            : weight_up_to_[progress.jobs_finished - 1] / weight_up_to_.back();
    line_.show(fmt::format("{} of {} runs, {} executions", progress.jobs_finished,
                           weight_up_to_.size(), progress.executions),
               part, progress.seconds);
  }
  void clear() { line_.clear(); }
  [[nodiscard]] bool is_on_terminal() const { return line_.is_on_terminal(); }

 private:
  ProgressLine line_;
  std::vector<double> weight_up_to_;
};

void print_violation(const JobOutcome& outcome, const std::string& command) {
  if (outcome.result.verdict == Verdict::kHolds || outcome.result.property.empty()) return;
  print_output(format_violation(outcome.result, to_text(outcome.trace), command));
}

/// The files that the options name for a trace. They have one: of the first violation, else of the
/// first greatest over-growth.
class TraceFiles {
 public:
  TraceFiles(const CommandOptions& options, std::string command)
      : name_(options.trace_file),
        trace_(options.trace_file),
        drawing_(options.draw_file),
        command_(std::move(command)) {}

  [[nodiscard]] bool are_wanted() const { return trace_.is_wanted() || drawing_.is_wanted(); }

  /// Writes the first violation at once: whatever happens to the rest, its files are whole.
  void offer(const JobOutcome& outcome) {
    if (!are_wanted() || !is_better_to_show(outcome)) return;
    shown_ = outcome;
    if (violates(outcome)) write(outcome);
  }
  /// To be called when all were offered.
  void finish() {
    if (shown_ && !violates(*shown_)) write(*shown_);
  }

 private:
  static bool violates(const JobOutcome& outcome) {
    return outcome.result.verdict == Verdict::kViolated;
  }
  [[nodiscard]] bool is_better_to_show(const JobOutcome& outcome) const {
    if (outcome.trace.events.empty()) return false;
    if (!shown_) return true;
    if (violates(outcome) || violates(*shown_)) return violates(outcome) && !violates(*shown_);
    return outcome.result.max_over_growth > shown_->result.max_over_growth;
  }
  void write(const JobOutcome& outcome) {
    const TraceHeading heading = heading_of(outcome.result, command_);
    if (trace_.is_wanted()) trace_.write(render_trace(name_, heading, outcome.trace));
    if (drawing_.is_wanted()) drawing_.write(to_svg(heading, outcome.trace));
  }

  std::string name_;
  OutputFile trace_;
  OutputFile drawing_;
  std::string command_;
  std::optional<JobOutcome> shown_;
};

int run_jobs(const CommandOptions& options, const std::string& command) {
  OutputFile json(options.json_file);
  OutputFile steps(options.steps_file);
  TraceFiles trace(options, command);
  const std::vector<CheckJob> jobs = jobs_of(options);
  const ResultTable table(widest_name(jobs), output_has_color());
  if (!options.quiet) print_output(table.header());

  std::vector<RunResult> results;
  SuiteLine line(jobs);
  run_suite(
      jobs, options.search, trace.are_wanted(),
      [&](const CheckJob&, const JobOutcome& outcome) {
        line.clear();
        results.push_back(outcome.result);
        trace.offer(outcome);
        if (!options.quiet) {
          print_output(table.row(outcome.result) + format_states(outcome.result));
        }
        print_violation(outcome, command);
        print_error(format_warnings(outcome.result));
      },
      [&](const SuiteProgress& progress) {
        // The rows of the table are the progress elsewhere.
        if (line.is_on_terminal()) line.show(progress);
      },
      sink_of(steps));
  trace.finish();
  if (json.is_wanted()) json.write(to_json(results));
  if (options.left_out != 0 && !options.quiet) {
    print_output(fmt::format("{} scenario{} of the suite left out: not for this search\n",
                             options.left_out, options.left_out == 1 ? "" : "s"));
  }
  return exit_code(results);
}

int run_enumeration(const CommandOptions& options, const std::string& command) {
  OutputFile json(options.json_file);
  OutputFile steps(options.steps_file);
  TraceFiles trace(options, command);
  const std::vector<CheckJob> jobs = jobs_of(options);
  if (jobs.empty()) {
    print_error("check: no program has the size of --enumerate and the operations of --alphabet\n");
    return kExitUsage;
  }
  const auto start = std::chrono::steady_clock::now();
  std::vector<RunResult> results;
  SuiteLine line(jobs);
  run_suite(
      jobs, options.search, trace.are_wanted(),
      [&](const CheckJob&, const JobOutcome& outcome) {
        trace.offer(outcome);
        if (outcome.result.verdict == Verdict::kViolated) line.clear();
        if (outcome.result.verdict == Verdict::kViolated) print_violation(outcome, command);
        print_error(format_warnings(outcome.result));
        results.push_back(outcome.result);
      },
      [&](const SuiteProgress& progress) {
        if (!options.quiet) line.show(progress);
      },
      sink_of(steps));
  line.clear();
  trace.finish();
  if (json.is_wanted()) json.write(to_json(results));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!options.quiet) {
    print_output(format_enumeration(*options.enumeration, results, seconds.count()));
  }
  return exit_code(results);
}

int run_merge(const CommandOptions& options, const std::string& command) {
  ShardReports reports;
  for (const std::string& file : options.merge_files) {
    if (const auto problem = reports.add(file, read_all(file))) {
      print_error(fmt::format("check: {}: {}\n", file, *problem));
      return kExitUsage;
    }
  }
  const std::vector<MergedResult> merged = reports.merge();
  OutputFile json(options.json_file);
  std::vector<RunResult> results;
  for (const MergedResult& one : merged) results.push_back(one.result);
  std::size_t widest = 0;
  for (const RunResult& result : results) widest = std::max(widest, name_of(result.job).size());
  const ResultTable table(widest, output_has_color());
  if (!options.quiet) print_output(table.header());
  for (const MergedResult& one : merged) {
    if (!options.quiet) {
      print_output(table.row(one.result) + format_states(one.result) + format_shards(one));
    }
    print_error(format_warnings(one.result));
    if (one.result.property.empty()) continue;
    // An expectation of the whole search has no execution that fails.
    const Trace trace = one.result.replay ? replay(*one.result.replay, {}).trace : Trace{};
    print_output(format_violation(one.result, to_text(trace), command));
  }
  if (json.is_wanted()) json.write(to_json(results));
  return exit_code(results);
}

int run_estimate(const CommandOptions& options) {
  constexpr double kSecondsToSpend = 5;
  const std::vector<CheckJob> jobs = jobs_of(options);
  print_output(fmt::format("{} {}: {}\n", jobs.size(), jobs.size() == 1 ? "run" : "runs",
                           to_text(estimate(jobs, options.search, kSecondsToSpend))));
  return kExitHolds;
}

int run_replay(const CommandOptions& options, const std::string& command) {
  const auto recorded = parse_recorded(read_all(options.replay_file));
  if (!recorded) {
    print_error(fmt::format("check: not a valid recorded execution: {}\n", recorded.error()));
    return kExitUsage;
  }
  if (options.trace_file.ends_with(kDotExtension) && !recorded->schedule.is_graph) {
    print_error(fmt::format("check: --trace {}: the recorded execution has no execution graph\n",
                            options.trace_file));
    return kExitUsage;
  }
  OutputFile json(options.json_file);
  OutputFile steps(options.steps_file);
  TraceFiles trace(options, command);
  const JobOutcome outcome = replay(*recorded, sink_of(steps));
  if (outcome.result.property == property_of(Defect::kReplayMismatch)) {
    print_error(fmt::format("check: {}\n", outcome.result.message));
    return kExitUsage;
  }
  trace.offer(outcome);
  trace.finish();
  if (json.is_wanted()) json.write(to_json({outcome.result}));
  if (outcome.result.verdict == Verdict::kHolds) {
    if (!options.quiet) {
      print_output(fmt::format("{}\n{}\nThis execution holds; over-growth {}.\n",
                               to_text(recorded->program), to_text(outcome.trace),
                               outcome.result.max_over_growth));
    }
  } else {
    print_output(format_violation(outcome.result, to_text(outcome.trace), command));
  }
  print_error(format_warnings(outcome.result));
  return exit_code({outcome.result});
}

int run(int argc, const char* const* argv) {
  const ParsedCommandLine parsed = parse_command_line(argc, argv);
  if (const int* const code = std::get_if<int>(&parsed)) return *code;
  const CommandOptions& options = std::get<CommandOptions>(parsed);
  if (options.list) {
    list_scenarios();
    return kExitHolds;
  }
  if (!options.merge_files.empty()) return run_merge(options, argv[0]);
  if (options.estimate) return run_estimate(options);
  if (options.enumeration) return run_enumeration(options, argv[0]);
  return options.replay_file.empty() ? run_jobs(options, argv[0]) : run_replay(options, argv[0]);
}

}  // namespace
}  // namespace slabproof::model

int main(int argc, char** argv) {
  slabproof::model::survive_closed_pipes();
  try {
    const int code = slabproof::model::run(argc, argv);
    // What was found is worth more than that somebody could not be shown it.
    if (code == slabproof::model::kExitViolated || !slabproof::model::is_output_lost()) return code;
    return slabproof::model::kExitUsage;
  } catch (const std::exception& problem) {
    slabproof::model::print_error(fmt::format("check: {}\n", problem.what()));
    return slabproof::model::kExitUsage;
  }
}
