#include "model/command/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "model/command/completion.h"
#include "model/command/manual.h"
#include "model/command/nearest_name.h"
#include "model/command/standard_streams.h"
#include "model/program/fit.h"
#include "model/program/scenario.h"
#include "model/program/slab_setup.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"
#include "model/trace/trace_file.h"
#include "slabproof/version.h"

namespace slabproof::model {
namespace {

/// What the parser fills in before it is checked and turned into `CommandOptions`.
struct RawOptions {
  std::string program;
  SlabSetup slab;
  std::vector<std::string> scenarios;
  std::string suite;
  std::string recheck = "all";
  std::string family = "shared";
  std::string protection;
  std::string enumerate;
  std::string shard;
  std::string alphabet = "a f f@0 F ! r";
  std::string memory;
  std::string completion;
};

void add_what_to_run(CLI::App& app, RawOptions& raw, CommandOptions& options) {
  app.option_defaults()->group("What to check");
  app.add_option("--program", raw.program, "The program to run, such as \"a f | a f\"");
  app.add_option("--capacity", raw.slab.capacity, "Slots of a segment, for --program")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--initial", raw.slab.initial_segments,
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
  app.option_defaults()->group("How to search");
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
      ->check(CLI::PositiveNumber);
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
  app.add_option("--seed", options.seed, "Seed of --search random")->capture_default_str();
  app.add_option("--time-limit", options.time_limit_seconds,
                 "Stop each program after this many seconds (default: no limit)")
      ->check(CLI::PositiveNumber);
}

void add_how_to_share(CLI::App& app, RawOptions& raw, CommandOptions& options) {
  app.option_defaults()->group("How to share the work");
  app.add_option("--jobs", options.search.processes, "Explore in so many processes")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
      "--shard", raw.shard,
      "Explore one part of each program, such as 0/3, 1/3 or 2/3, which together are all "
      "of it (default: what Bazel's test sharding asks for)");
  app.add_option("--merge", options.merge_files,
                 "Explore nothing: add the results of shards, each a file that --shard I/N --json "
                 "FILE wrote, and say what is missing")
      ->type_name(kFileType)
      ->excludes("--program")
      ->excludes("--scenario")
      ->excludes("--suite")
      ->excludes("--enumerate")
      ->excludes("--jobs")
      ->excludes("--shard");
  app.add_option("--checkpoint", options.search.checkpoint_file,
                 "Keep finished parts in this file, and go on from what it holds already")
      ->type_name(kFileType);
  app.add_flag("--estimate", options.estimate,
               "Say roughly how many executions there are and how long they take, and stop");
}

/// Reads "1/3"; nothing where the text is not a valid shard.
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

/// Bazel's protocol of test sharding: the environment says which shard to run, and a file must be
/// touched to confirm that.
std::optional<Shard> shard_of_bazel() {
  const char* const count = std::getenv("TEST_TOTAL_SHARDS");
  const char* const index = std::getenv("TEST_SHARD_INDEX");
  if (count == nullptr || index == nullptr) return std::nullopt;
  if (const char* const status = std::getenv("TEST_SHARD_STATUS_FILE")) {
    std::ofstream confirmed(status, std::ios::app);
  }
  return parse_shard(std::string(index) + "/" + count);
}

void add_what_to_write(CLI::App& app, CommandOptions& options) {
  app.option_defaults()->group("What to write");
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
      ->type_name(kFileType)
      ->excludes("--program")
      ->excludes("--scenario")
      ->excludes("--suite")
      ->excludes("--memory");
  app.add_option("--json", options.json_file, "Write the results here as JSON")
      ->type_name(kFileType);
  app.add_option(
         "--emit-steps", options.steps_file,
         "Write the critical sections of each execution here, as steps of the proved "
         "system, for proofs/coq's check_trace to judge; suites leave out slabs with caches "
         "and owners, which that system does not have")
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

using Problem = std::optional<std::string>;

Problem family_problem(SlabFamily family, const CommandOptions& options) {
  if (family == SlabFamily::kShared) return std::nullopt;
  if (!options.steps_file.empty()) {
    return "--emit-steps needs --slab shared: the proved system has neither caches nor remotes";
  }
  return std::nullopt;
}

/// The one job of --program.
Problem add_program(const RawOptions& raw, CommandOptions& options) {
  auto program = parse_program(raw.program);
  if (!program) return program.error().message;
  CheckJob job{.scenario = "", .program = std::move(*program), .slab = raw.slab};
  job.slab.recheck_all = raw.recheck == "all";
  job.slab.slot_states = raw.protection == "slot-states";
  job.slab.family = *parse_family(raw.family);
  if (auto misfit = misfit_of(job.program, job.slab)) return misfit;
  if (auto problem = family_problem(job.slab.family, options)) return problem;
  if (frees_again(job.program) && raw.protection == "none") {
    return "a program that frees a block again (d) needs --protection slot-states: without it "
           "a second free is outside the slab's contract";
  }
  job.slab.slot_states =
      raw.protection.empty() ? frees_again(job.program) : raw.protection == "slot-states";
  options.jobs.push_back(std::move(job));
  return std::nullopt;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto suite : {default_suite(), deep_suite()}) {
    for (const Scenario& scenario : suite) names.emplace_back(scenario.name);
  }
  return names;
}

Problem add_scenarios(const RawOptions& raw, CommandOptions& options) {
  for (const std::string& name : raw.scenarios) {
    const Scenario* const scenario = find_scenario(name);
    if (scenario == nullptr) {
      return fmt::format("unknown scenario \"{}\"; --list names them{}", name,
                         did_you_mean(name, scenario_names()));
    }
    options.jobs.push_back(job_of(*scenario));
    if (auto problem = family_problem(options.jobs.back().slab.family, options)) return problem;
  }
  if (!raw.scenarios.empty()) return std::nullopt;
  for (const Scenario& scenario : raw.suite == "deep" ? deep_suite() : default_suite()) {
    CheckJob job = job_of(scenario);
    if (!family_problem(job.slab.family, options)) options.jobs.push_back(std::move(job));
  }
  return std::nullopt;
}

Problem add_enumeration(const RawOptions& raw, CommandOptions& options) {
  auto size = parse_enumeration(raw.enumerate, raw.alphabet);
  if (!size) return size.error();
  size->family = *parse_family(raw.family);
  size->batch = raw.slab.batch;
  if (size->family == SlabFamily::kOwner) {
    return "--enumerate has no gifts, without which the remotes of an owner have nothing to free";
  }
  if (auto problem = family_problem(size->family, options)) return problem;
  options.enumeration = std::move(*size);
  return std::nullopt;
}

/// The memory model, and with it the search where none was asked for.
Problem resolve_memory(const RawOptions& raw, SearchOptions& search) {
  if (raw.memory.empty()) return std::nullopt;
  const auto name = std::ranges::find(kMemoryModelNames, raw.memory);
  search.memory = static_cast<MemoryModel>(name - kMemoryModelNames.begin());
  const bool is_of_graphs = search.memory != MemoryModel::kRelacy;
  if (!search.search) search.search = is_of_graphs ? Search::kGraph : Search::kDpor;
  if (is_of_graphs == (search.search == Search::kGraph)) return std::nullopt;
  return fmt::format(
      "--search {} cannot run under --memory {}: cpp20 and rc11 are of graph, relacy "
      "is of the other searches",
      to_text(*search.search), raw.memory);
}

/// Why the states of what runs in this job cannot be compared.
Problem states_problem(const CheckJob& job) {
  if (job.slab.family != SlabFamily::kShared) {
    return "--search states needs --slab shared: it does not see the atomics of caches and owners";
  }
  const bool has_gifts = std::ranges::any_of(job.program.threads, [](const auto& thread) {
    return std::ranges::any_of(thread, [](Op op) { return traits_of(op).effect == Effect::kGift; });
  });
  if (has_gifts) {
    return "--search states cannot run programs with gifts (g, t): they pass through atomics, "
           "which "
           "it does not see";
  }
  return std::nullopt;
}

/// What a search over states does not do. Suites leave out what is not for it.
Problem resolve_states(const RawOptions& raw, CommandOptions& options) {
  const bool is_asked_for = options.search.search == Search::kStates;
  const bool is_suite = raw.program.empty() && raw.scenarios.empty();
  const bool is_other = options.search.search && !is_asked_for;
  if (is_suite && (is_other || options.estimate || !options.steps_file.empty())) {
    std::erase_if(options.jobs, [](const CheckJob& job) { return job.has_many_threads; });
  }
  if (!is_asked_for) {
    return options.search.whole_states ? Problem("--exact needs --search states") : std::nullopt;
  }
  if (!options.steps_file.empty()) {
    return "--emit-steps cannot be used with --search states, which runs few executions to their "
           "end";
  }
  if (options.estimate) return "--estimate counts executions, which --search states does not";
  if (is_suite) {
    std::erase_if(options.jobs,
                  [](const CheckJob& job) { return states_problem(job).has_value(); });
  }
  for (const CheckJob& job : options.jobs) {
    if (auto problem = states_problem(job)) return problem;
  }
  if (options.enumeration && options.enumeration->family != SlabFamily::kShared) {
    return "--search states needs --slab shared: it does not see the atomics of caches and owners";
  }
  return std::nullopt;
}

/// Turns what was parsed into what will run; a message where it makes no sense.
Problem resolve(const RawOptions& raw, CommandOptions& options) {
  constexpr std::uint64_t kDefaultRandomExecutions = 100'000;
  SearchOptions& search = options.search;
  if (auto problem = resolve_memory(raw, search)) return problem;
  if (options.trace_file.ends_with(kDotExtension)) {
    if (!search.search) search.search = Search::kGraph;
    if (search.search != Search::kGraph) {
      return fmt::format("--trace {}: only --search graph has an execution graph",
                         options.trace_file);
    }
  }
  search.shard = raw.shard.empty() ? shard_of_bazel() : parse_shard(raw.shard);
  if (!raw.shard.empty() && !search.shard) {
    return fmt::format("\"{}\" is not a valid shard; 0/3 is the first of three", raw.shard);
  }
  const bool is_random = search.search == Search::kRandom;
  const bool is_split = search.processes > 1 || search.shard || !search.checkpoint_file.empty();
  if (is_split && (is_random || search.iterations != 0)) {
    return "--jobs, --shard and --checkpoint need a search that is not random, without "
           "--iterations";
  }
  if (is_random && search.iterations == 0) search.iterations = kDefaultRandomExecutions;
  const auto add_jobs = [&] {
    if (!raw.program.empty()) return add_program(raw, options);
    return raw.enumerate.empty() ? add_scenarios(raw, options) : add_enumeration(raw, options);
  };
  if (auto problem = add_jobs()) return problem;
  return resolve_states(raw, options);
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(describe(error, app));
  }
  if (!raw.completion.empty()) {
    print_output(raw.completion == "bash" ? bash_completion(app, scenario_names())
                                          : zsh_completion(app, scenario_names()));
    return kExitHolds;
  }
  if (app.count("--program") > 0 && raw.program.empty()) return complain("--program is empty");
  if (const auto problem = resolve(raw, options)) return complain(*problem);
  return options;
}

}  // namespace slabproof::model
