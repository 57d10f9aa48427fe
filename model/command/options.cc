#include "model/command/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "model/command/completion.h"
#include "model/command/manual.h"
#include "model/command/nearest_name.h"
#include "model/command/option_rules.h"
#include "model/command/standard_streams.h"
#include "model/program/slab_setup.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"
#include "slabproof/version.h"

namespace slabproof::model {
namespace {

/// Digits only: the parser would take "-4" for a number of 20 digits.
CLI::Validator whole_number(std::uint64_t least) {
  return CLI::Validator(
      [least](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_valid =
            error == std::errc() && end == text.data() + text.size() && number >= least;
        return is_valid ? ""
                        : fmt::format("expected a whole number from {}, not \"{}\"", least, text);
      },
      "");
}

/// More than 0, and finite.
CLI::Validator seconds() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_valid = error == std::errc() && end == text.data() + text.size() &&
                              number > 0 && std::isfinite(number);
        return is_valid ? "" : fmt::format("expected seconds, more than 0, not \"{}\"", text);
      },
      "");
}

void add_what_to_run(CLI::App& app, RawOptions& raw, CommandOptions& options) {
  app.option_defaults()->group(kWhatToCheck);
  app.add_option("--program", raw.program, "The program to run, such as \"a f | a f\"");
  app.add_option("--capacity", raw.slab.capacity, "Slots of a segment, for --program")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--initial", raw.slab.initial_segments,
                 "Segments that the slab starts with, for --program")
      ->check(CLI::Range(0, 16))
      ->capture_default_str();
  app.add_option("--recheck", raw.recheck,
                 "Segments that phase 3 of growth looks at, for --program: all, or new ones only")
      ->check(CLI::IsMember({"all", "new"}))
      ->capture_default_str();
  app.add_option("--protection", raw.protection,
                 "Freelist protection, for --program: none, or slot-states (needed, and the "
                 "default, where the "
                 "program frees a block again)")
      ->check(CLI::IsMember({"none", "slot-states"}));
  app.add_option("--slab", raw.family,
                 "The slab: shared by all threads; cached, where each thread holds a cache of its "
                 "own; auto-cached, whose caches come by themselves and end with their threads; "
                 "owner, where thread 0 allocates and closes at its end, and the others free what "
                 "they are given")
      ->check(CLI::IsMember(std::vector<std::string>(kFamilyNames.begin(), kFamilyNames.end())))
      ->capture_default_str();
  app.add_option(
         "--batch", raw.slab.batch,
         "Blocks that move together on a slab with caches, in a magazine, or with an owner, "
         "in what a remote pushes")
      ->check(CLI::Range(std::uint32_t{1}, kMaxSlabBatch))
      ->capture_default_str();
  app.add_option("--scenario", raw.scenarios, "Run this scenario (repeatable); --list names them")
      ->type_name(kScenarioType)
      ->excludes("--program");
  app.add_option("--suite", raw.suite, "Run this suite of scenarios")
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

void set_search(const std::string& name, SearchOptions& options) {
  const auto search = parse_search(name);
  if (!search) throw CLI::ValidationError("--search", search.error());
  options.search = *search;
}

void add_how_to_search(CLI::App& app, RawOptions& raw, SearchOptions& options) {
  app.option_defaults()->group(kHowToSearch);
  app.add_option_function<std::string>(
         "--search", [&options](const std::string& name) { set_search(name, options); },
         "dpor: one execution of each class of equivalent ones; states: each state of a program "
         "on a shared slab once, which is for many threads and long programs; graph: one of each "
         "execution graph that the memory model allows; full: every order of every operation; "
         "bound: every order "
         "with at most --bound preemptions; random. Default: graph for slabs with caches and for "
         "owners, dpor for the shared slab, where it is faster")
      ->type_name("TEXT:{dpor,states,graph,full,bound,random}");
  app.add_option(
         "--memory", raw.memory,
         "The memory model: cpp20 or rc11, of --search graph, or relacy, of the others; asks "
         "for graph or dpor where --search does not say (default: cpp20 with graph)")
      ->check(CLI::IsMember(
          std::vector<std::string>(kMemoryModelNames.begin(), kMemoryModelNames.end())));
  app.add_option("--bound", options.bound, "Preemptions, for --search bound")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--iterations", options.iterations,
                 "Stop after this many executions of each program (default: 100000 with --search "
                 "random, else no limit)")
      ->check(whole_number(1));
  app.add_flag(
      "!--no-symmetry", options.symmetry,
      "With --search dpor, states or graph: distinguish threads with the same operations, so that "
      "counts can be "
      "compared");
  app.add_flag("--exact", options.whole_states,
               "With --search states: keep whole states and not fingerprints of 128 bits, of which "
               "two could be the same");
  app.add_option(
         "--memory-limit", options.memory_limit,
         "MiB that --search states may keep of states of a program; beyond, it is inconclusive")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of --search random")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--time-limit", options.time_limit_seconds,
                 "Stop each program after this many seconds (default: no limit)")
      ->check(seconds());
}

void add_how_to_share(CLI::App& app, RawOptions& raw, CommandOptions& options) {
  app.option_defaults()->group(kHowToShare);
  app.add_option("--jobs", options.search.processes, "Explore in so many processes")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
      "--shard", raw.shard,
      "Explore one part of each program, such as 0/3, 1/3 or 2/3, which together are all "
      "of it, by dpor or graph; by states the first has all (default: what Bazel's test sharding "
      "asks for)");
  app.add_option("--merge", options.merge_files,
                 "Explore nothing: add the results of shards, each a file that --shard I/N --json "
                 "FILE wrote, and say what is missing")
      ->type_name(kFileType);
  app.add_option("--checkpoint", options.search.checkpoint_file,
                 "Keep finished parts in this file, and go on from what it holds already")
      ->type_name(kFileType);
  app.add_flag("--estimate", options.estimate,
               "Say roughly how many executions there are and how long they take, and stop");
}

void add_what_to_write(CLI::App& app, CommandOptions& options) {
  app.option_defaults()->group(kWhatToWrite);
  app.add_option(
         "--trace", options.trace_file,
         "Write a trace here, as a page (.html), as JSON (.json), as a picture (.svg), as its "
         "execution graph in the language of Graphviz (.dot, which asks for --search graph) or as "
         "text: of the first violation, or of the execution with the greatest over-growth where "
         "there "
         "is none")
      ->type_name(kFileType);
  app.add_option("--draw", options.draw_file,
                 "Draw the same trace here as SVG: lanes, critical sections and the violating pair")
      ->type_name(kFileType);
  app.add_option("--replay", options.replay_file,
                 "Run the one execution recorded in this file, with a trace; - is standard input")
      ->type_name(kFileType);
  app.add_option("--json", options.json_file,
                 "Write the results here as JSON; - is standard output")
      ->type_name(kFileType);
  app.add_option(
         "--emit-steps", options.steps_file,
         "Write the critical sections of each execution here, as steps of the proved "
         "system, for proofs/coq's check_trace to judge; suites leave out slabs with caches "
         "and owners, which that system does not have, and scenarios that are searched by states")
      ->type_name(kFileType)
      ->excludes("--jobs")
      ->excludes("--checkpoint")
      ->excludes("--estimate");
  app.add_flag("!--no-minimize", options.search.minimize,
               "Show a violation as it was found, instead of making its program and its schedule "
               "smaller");
  app.add_flag("--quiet", options.quiet, "Print violations only");
}

int complain(const std::string& message) {
  print_error(fmt::format("check: {}\n", message));
  return kExitUsage;
}

/// What is wrong with the command line, and what was probably meant.
std::string describe(const CLI::ParseError& error, const CLI::App& app) {
  for (const std::string& argument : app.remaining()) {
    const std::string name = argument.substr(0, argument.find('='));
    const bool is_option = name.starts_with('-');
    if (const auto meant = nearest_name(name, is_option ? option_names(app) : scenario_names())) {
      return fmt::format("{}; did you mean {}{}?", error.what(), is_option ? "" : "--scenario ",
                         *meant);
    }
  }
  return error.what();
}

/// An option whose text is empty, as an unset variable of the shell leaves it.
std::optional<std::string> empty_option(const CLI::App& app) {
  for (const CLI::Option* const option : app.get_options()) {
    if (std::ranges::count(option->results(), "") != 0) return option->get_name();
  }
  return std::nullopt;
}

std::string version() {
  return fmt::format("{}.{}.{}", SLABPROOF_VERSION_MAJOR, SLABPROOF_VERSION_MINOR,
                     SLABPROOF_VERSION_PATCH);
}

}  // namespace

ParsedCommandLine parse_command_line(int argc, const char* const* argv) {
  CommandOptions options;
  RawOptions raw;
  // A package may call the command otherwise, and its help, its manual and its completion with it.
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  CLI::App app(describe_command(), name);
  app.set_help_flag("-h,--help", "Print this help and exit")->group("About");
  app.set_version_flag("--version", name + " " + version() + "\n", "Print the version and exit")
      ->group("About");
  add_what_to_run(app, raw, options);
  add_how_to_search(app, raw, options.search);
  add_how_to_share(app, raw, options);
  add_what_to_write(app, options);
  app.option_defaults()->group("About");
  app.add_option("--completion", raw.completion,
                 "Print what the shell reads to complete these options, for `source <(...)`")
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh"}));
  add_manual(app);
  exclude_what_is_ignored(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    const int success = app.exit(asked);
    return std::cout.flush() ? success : complain("cannot print");
  } catch (const CLI::ParseError& error) {
    return complain(describe(error, app));
  }
  if (!raw.completion.empty()) {
    print_output(raw.completion == "bash" ? bash_completion(app, scenario_names())
                                          : zsh_completion(app, scenario_names()));
    return kExitHolds;
  }
  if (const auto empty = empty_option(app)) return complain(*empty + " is empty");
  if (const auto problem = resolve(app, raw, options)) return complain(*problem);
  return options;
}

}  // namespace slabproof::model
