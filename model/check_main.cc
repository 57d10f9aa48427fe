#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "slabproof/model/check_job.h"
#include "slabproof/model/check_options.h"
#include "slabproof/model/check_report.h"
#include "slabproof/model/check_run.h"
#include "slabproof/model/enumeration.h"
#include "slabproof/model/failure.h"
#include "slabproof/model/scenario.h"
#include "slabproof/model/trace.h"

namespace slabproof::model {
namespace {

/// A file that cannot be read or written: told to the user, exit code 2.
class FileError : public std::exception {
 public:
  FileError(const std::string& action, const std::string& file)
      : message_(fmt::format("cannot {} \"{}\"", action, file)) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// Output files are opened before the search, so that hours of it are not lost to a typing error.
class OutputFile {
 public:
  explicit OutputFile(const std::string& name) : name_(name) {
    if (name_.empty()) return;
    stream_.open(name_);
    if (!stream_) throw FileError("write", name_);
  }
  [[nodiscard]] bool is_wanted() const { return !name_.empty(); }
  void write(const std::string& text) {
    if (!is_wanted()) return;
    stream_ << text << std::flush;
    if (!stream_) throw FileError("write", name_);
  }

 private:
  std::string name_;
  std::ofstream stream_;
};

std::string read_all(const std::string& name) {
  if (name == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream stream(name);
  if (!stream) throw FileError("read", name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void list_scenarios() {
  for (const auto& [suite, name] :
       {std::pair(default_suite(), "default"), {deep_suite(), "deep"}}) {
    for (const Scenario& scenario : suite) {
      fmt::print("{} ({} suite)\n  {}\n  --program \"{}\" --capacity {} --recheck {}\n",
                 scenario.name, name, scenario.race, scenario.program, scenario.capacity,
                 scenario.recheck == Recheck::kAllSegments ? "all" : "new");
    }
  }
}

std::vector<CheckJob> jobs_of(const CheckOptions& options) {
  if (options.program) {
    return {{.scenario = "",
             .program = *options.program,
             .capacity = options.capacity,
             .initial_segments = options.initial_segments,
             .recheck = options.recheck,
             .protection = options.protection_or_needed()}};
  }
  std::vector<CheckJob> jobs;
  for (const Scenario* const scenario : options.scenarios) jobs.push_back(job_of(*scenario));
  return jobs;
}

std::size_t widest_name(const std::vector<CheckJob>& jobs) {
  std::size_t widest = 0;
  for (const CheckJob& job : jobs) {
    widest = std::max(widest, (job.scenario.empty() ? to_text(job.program) : job.scenario).size());
  }
  return widest;
}

/// A line that each report replaces, on a terminal; nothing elsewhere, where the rows of the table
/// are the progress.
Progress terminal_progress(std::size_t* printed) {
  if (isatty(STDERR_FILENO) == 0) return {};
  return [printed](const CheckJob& job, std::uint64_t executions, double seconds) {
    const std::string line = fmt::format("{}: {} executions, {:.0f} s",
                                         job.scenario.empty() ? to_text(job.program) : job.scenario,
                                         executions, seconds);
    fmt::print(stderr, "\r{:<{}}", line, *printed);
    std::fflush(stderr);
    *printed = line.size();
  };
}

void clear_progress(std::size_t& printed) {
  if (printed != 0) fmt::print(stderr, "\r{:<{}}\r", "", printed);
  printed = 0;
}

int run_jobs(const CheckOptions& options, const std::string& command) {
  OutputFile json(options.json_file);
  OutputFile trace(options.trace_file);
  const std::vector<CheckJob> jobs = jobs_of(options);
  const ResultTable table(widest_name(jobs));
  if (!options.quiet) fmt::print("{}", table.header());

  std::vector<RunResult> results;
  std::size_t printed = 0;
  for (const CheckJob& job : jobs) {
    const JobOutcome outcome =
        run_job(job, options, trace.is_wanted(), terminal_progress(&printed));
    clear_progress(printed);
    const RunResult& result = outcome.result;
    if (!options.quiet) fmt::print("{}", table.row(result));
    if (result.verdict != Verdict::kHolds && !result.property.empty()) {
      fmt::print("{}", format_violation(result, to_text(outcome.trace), command));
    }
    std::fflush(stdout);
    trace.write(to_text(outcome.trace));
    results.push_back(result);
  }
  json.write(to_json(results));
  return exit_code(results);
}

/// "[#####     ]  50%  1,234 of 2,468 programs, 17 s, about 18 s to go": a bar that is replaced on
/// a terminal, and a plain line each tenth of the way elsewhere.
class EnumerationProgress {
 public:
  explicit EnumerationProgress(const std::vector<CheckJob>& jobs) : jobs_(jobs.size()) {
    for (const CheckJob& job : jobs) total_ += weight_of(job.program);
  }
  void finished(const CheckJob& job) {
    ++finished_;
    done_ += weight_of(job.program);
    const double part = done_ / total_;
    if (!terminal_ && part < next_line_) return;
    next_line_ += 0.1;
    const double elapsed = seconds();
    fmt::print(stderr, "{}[{:<20}] {:3.0f}%  {} of {} runs, {:.0f} s, about {:.0f} s to go  {}",
               terminal_ ? "\r" : "", std::string(static_cast<std::size_t>(part * 20), '#'),
               part * 100, finished_, jobs_, elapsed, elapsed * (1 - part) / part,
               terminal_ ? "" : "\n");
    if (terminal_ && finished_ == jobs_) fmt::print(stderr, "\n");
    std::fflush(stderr);
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::size_t jobs_;
  std::size_t finished_ = 0;
  double total_ = 0;
  double done_ = 0;
  double next_line_ = 0.1;
};

int run_enumeration(const CheckOptions& options, const std::string& command) {
  OutputFile json(options.json_file);
  const std::vector<CheckJob> jobs = enumerate_jobs(*options.enumeration);
  EnumerationProgress progress(jobs);
  std::vector<RunResult> results;
  for (const CheckJob& job : jobs) {
    const JobOutcome outcome = run_job(job, options, false, {});
    if (outcome.result.verdict == Verdict::kViolated) {
      fmt::print("{}", format_violation(outcome.result, to_text(outcome.trace), command));
    }
    results.push_back(outcome.result);
    if (!options.quiet) progress.finished(job);
  }
  json.write(to_json(results));
  if (!options.quiet) {
    fmt::print("{}", format_enumeration(*options.enumeration, results, progress.seconds()));
  }
  return exit_code(results);
}

int run_replay(const CheckOptions& options, const std::string& command) {
  OutputFile json(options.json_file);
  OutputFile trace(options.trace_file);
  const auto recorded = parse_recorded(read_all(options.replay_file));
  if (!recorded) {
    fmt::print(stderr, "check: this is no recorded execution: {}\n", recorded.error());
    return kExitUsage;
  }
  const JobOutcome outcome = replay(*recorded);
  if (outcome.result.property == Failure::kNoReplay) {
    fmt::print(stderr, "check: {}\n", outcome.result.message);
    return kExitUsage;
  }
  if (outcome.result.verdict == Verdict::kHolds) {
    if (!options.quiet) {
      fmt::print("{}\n{}\nThis execution holds; over-growth {}.\n", outcome.result.program,
                 to_text(outcome.trace), outcome.result.max_over_growth);
    }
  } else {
    fmt::print("{}", format_violation(outcome.result, to_text(outcome.trace), command));
  }
  trace.write(to_text(outcome.trace));
  json.write(to_json({outcome.result}));
  return exit_code({outcome.result});
}

int run(int argc, const char* const* argv) {
  const ParsedCommandLine parsed = parse_command_line(argc, argv);
  if (const int* const code = std::get_if<int>(&parsed)) return *code;
  const CheckOptions& options = std::get<CheckOptions>(parsed);
  if (options.list) {
    list_scenarios();
    return kExitHolds;
  }
  if (options.enumeration) return run_enumeration(options, argv[0]);
  return options.replay_file.empty() ? run_jobs(options, argv[0]) : run_replay(options, argv[0]);
}

}  // namespace
}  // namespace slabproof::model

int main(int argc, char** argv) {
  try {
    return slabproof::model::run(argc, argv);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "check: {}\n", problem.what());
    return slabproof::model::kExitUsage;
  }
}
