#include "model/command/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <ranges>
#include <string>
#include <system_error>
#include <utility>

#include "model/program/job.h"

namespace slabproof::model {
namespace {

constexpr const char* kDescription =
    "Model-checks the shipped slab under Relacy.\n\n"
    "With no --program and no --scenario it runs the default suite and prints a table. Exit code: "
    "0 "
    "everything holds, 1 a violation was found, 2 bad usage, 3 inconclusive (a limit cut a search "
    "that found nothing).";

std::string describe_tokens() {
  std::string text = "Programs: threads are separated by |, operations by spaces.\n";
  for (const OperationTraits& traits : kOperations) {
    text += fmt::format("  {:<8}{}\n", tokens_of(traits), traits.help);
  }
  return text +
         "An operation that finds nothing to act on is skipped. A program breaks the slab's "
         "contract, and is\n"
         "blamed for it, if it frees a block again (d) after another thread may have been handed "
         "it anew.";
}

/// What the parser fills in before it is checked and turned into `CheckOptions`.
struct RawOptions {
  std::string program;
  std::vector<std::string> scenarios;
  std::string suite;
  std::string recheck = "all";
  std::string protection;
  std::string enumerate;
  std::string shard;
  std::string alphabet = "a f f@0 F ! r";
};

void add_what_to_run(CLI::App& app, RawOptions& raw, CheckOptions& options) {
  app.add_option("--program", raw.program, "The program to run, such as \"a f | a f\"");
  app.add_option("--capacity", options.capacity, "Slots of a segment, for --program")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--initial", options.initial_segments,
                 "Segments that the slab starts with, for --program")
      ->check(CLI::Range(0, 16))
      ->capture_default_str();
  app.add_option("--recheck", raw.recheck,
                 "Segments that phase 3 of growth looks at: all, or new ones only")
      ->check(CLI::IsMember({"all", "new"}))
      ->capture_default_str();
  app.add_option("--protection", raw.protection,
                 "Freelist protection: none, or slot-states (needed, and the default, where the "
                 "program frees a block again)")
      ->check(CLI::IsMember({"none", "slot-states"}));
  app.add_option("--scenario", raw.scenarios, "Run this scenario (repeatable); --list names them")
      ->excludes("--program");
  app.add_option("--suite", raw.suite, "Run this suite of scenarios: default, deep")
      ->check(CLI::IsMember({"default", "deep"}))
      ->excludes("--program")
      ->excludes("--scenario");
  app.add_option("--enumerate", raw.enumerate,
                 "Run every program up to a size, such as threads=3,ops=2,capacity=2: at most that "
                 "many threads and operations of a thread, capacities from 1, both re-check scopes")
      ->excludes("--program")
      ->excludes("--scenario")
      ->excludes("--suite");
  app.add_option("--alphabet", raw.alphabet, "The operations that --enumerate puts together")
      ->capture_default_str()
      ->needs("--enumerate");
  app.add_flag("--list", options.list, "List the scenarios and exit");
}

void add_how_to_search(CLI::App& app, CheckOptions& options) {
  app.add_option("--search", options.search,
                 "dpor: one execution of each class of equivalent ones; full: every order of every "
                 "operation; bound: every order with at most --bound preemptions; random")
      ->check(CLI::IsMember({"dpor", "random", "bound", "full"}))
      ->capture_default_str();
  app.add_option("--bound", options.bound, "Preemptions, for --search bound")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--iterations", options.iterations,
                 "Stop after this many executions of each program (default: 100000 with --search "
                 "random, else no limit)")
      ->check(CLI::PositiveNumber);
  app.add_flag(
      "!--no-symmetry", options.symmetry,
      "With --search dpor: tell threads with the same operations apart, so that counts can "
      "be compared");
  app.add_option("--seed", options.seed, "Seed of --search random")->capture_default_str();
  app.add_option("--time-limit", options.time_limit_seconds,
                 "Stop each program after this many seconds (default: no limit)")
      ->check(CLI::PositiveNumber);
}

void add_how_to_share(CLI::App& app, RawOptions& raw, CheckOptions& options) {
  app.add_option("--jobs", options.jobs, "Explore in so many processes")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
      "--shard", raw.shard,
      "Explore one part of each program, such as 0/3, 1/3 or 2/3, which together are all "
      "of it (default: what Bazel's test sharding asks for)");
  app.add_option("--checkpoint", options.checkpoint_file,
                 "Keep finished parts in this file, and go on from what it holds already");
  app.add_flag("--estimate", options.estimate,
               "Say roughly how many executions there are and how long they take, and stop");
}

/// Reads "1/3"; nothing where that is no shard.
std::optional<Shard> parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec != std::errc() || index.ptr == end || *index.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(index.ptr + 1, end, shard.count);
  if (count.ec != std::errc() || count.ptr != end || shard.index >= shard.count) {
    return std::nullopt;
  }
  return shard;
}

/// Bazel's protocol of test sharding: which shard to run is told by the environment, and a file
/// must be touched to say that this was heeded.
std::optional<Shard> shard_of_bazel() {
  const char* const count = std::getenv("TEST_TOTAL_SHARDS");
  const char* const index = std::getenv("TEST_SHARD_INDEX");
  if (count == nullptr || index == nullptr) return std::nullopt;
  if (const char* const status = std::getenv("TEST_SHARD_STATUS_FILE")) {
    std::ofstream heeded(status, std::ios::app);
  }
  return parse_shard(std::string(index) + "/" + count);
}

void add_what_to_write(CLI::App& app, CheckOptions& options) {
  app.add_option(
      "--trace", options.trace_file,
      "Write a trace here, as a page (.html), as JSON (.json) or as text: of the first violation, "
      "or of the execution with the greatest over-growth where there is none");
  app.add_option("--replay", options.replay_file,
                 "Run the one execution recorded in this file, with a trace; - is standard input")
      ->excludes("--program")
      ->excludes("--scenario")
      ->excludes("--suite");
  app.add_option("--json", options.json_file, "Write the results here as JSON");
  app.add_option("--emit-steps", options.steps_file,
                 "Write the critical sections of each execution here, as steps of the proved "
                 "system, for proofs/coq's check_trace to judge")
      ->excludes("--jobs")
      ->excludes("--checkpoint")
      ->excludes("--estimate");
  app.add_flag("!--no-minimize", options.minimize,
               "Show a violation as it was found, instead of making its program and its schedule "
               "smaller");
  app.add_flag("--quiet", options.quiet, "Print violations only");
}

int complain(const std::string& message) {
  fmt::print(stderr, "check: {}\n", message);
  return kExitUsage;
}

/// The sentence that says what is wrong with a scenario name.
std::string unknown_scenario(const std::string& name) {
  return fmt::format("there is no scenario \"{}\"; --list names them", name);
}

/// Turns what was parsed into what will run; a message where it makes no sense.
std::optional<std::string> resolve(const RawOptions& raw, CheckOptions& options) {
  options.shard = raw.shard.empty() ? shard_of_bazel() : parse_shard(raw.shard);
  if (!raw.shard.empty() && !options.shard) {
    return fmt::format("\"{}\" is no shard, such as 0/3: the first of three", raw.shard);
  }
  const bool is_split = options.jobs > 1 || options.shard || !options.checkpoint_file.empty();
  if (is_split && (options.search == "random" || options.iterations != 0)) {
    return "--jobs, --shard and --checkpoint need a search that is not random, without "
           "--iterations";
  }
  options.recheck = raw.recheck == "new" ? Recheck::kNewSegments : Recheck::kAllSegments;
  if (!raw.protection.empty()) {
    options.protection =
        raw.protection == "none" ? ProtectionChoice::kNone : ProtectionChoice::kSlotStates;
  }
  if (!raw.program.empty()) {
    auto program = parse_program(raw.program);
    if (!program) return program.error().message;
    if (frees_again(*program) && options.protection == ProtectionChoice::kNone) {
      return "a program that frees a block again (d) needs --protection slot-states: without it "
             "a second free is outside the slab's contract";
    }
    options.program = std::move(*program);
    return std::nullopt;
  }
  if (!raw.enumerate.empty()) {
    auto size = parse_enumeration(raw.enumerate, raw.alphabet);
    if (!size) return size.error();
    options.enumeration = std::move(*size);
    return std::nullopt;
  }
  for (const std::string& name : raw.scenarios) {
    const Scenario* const scenario = find_scenario(name);
    if (scenario == nullptr) return unknown_scenario(name);
    options.scenarios.push_back(scenario);
  }
  if (raw.scenarios.empty()) {
    for (const Scenario& scenario : raw.suite == "deep" ? deep_suite() : default_suite()) {
      options.scenarios.push_back(&scenario);
    }
  }
  return std::nullopt;
}

}  // namespace

ProtectionChoice CheckOptions::protection_or_needed() const {
  if (protection) return *protection;
  return program && frees_again(*program) ? ProtectionChoice::kSlotStates : ProtectionChoice::kNone;
}

ParsedCommandLine parse_command_line(int argc, const char* const* argv) {
  CheckOptions options;
  RawOptions raw;
  CLI::App app(kDescription, "check");
  app.footer(describe_tokens());
  add_what_to_run(app, raw, options);
  add_how_to_search(app, options);
  add_how_to_share(app, raw, options);
  add_what_to_write(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain(error.what());
  }
  if (app.count("--program") > 0 && raw.program.empty()) return complain("--program is empty");
  if (const auto problem = resolve(raw, options)) return complain(*problem);
  if (options.search == "random" && options.iterations == 0) options.iterations = 100'000;
  return options;
}

}  // namespace slabproof::model
