#include "model/command/option_rules.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "model/command/nearest_name.h"
#include "model/program/fit.h"
#include "model/program/scenario.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"
#include "model/trace/trace_file.h"

namespace slabproof::model {
namespace {

using Problem = std::optional<std::string>;

/// Reads "1/3"; nothing where the text is not a valid shard.
std::optional<Shard> parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec != std::errc() || index.ptr == end || *index.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(index.ptr + 1, end, shard.count);
  if (count.ec != std::errc() || count.ptr != end || shard.index >= shard.count ||
      shard.count > kMostShards) {
    return std::nullopt;
  }
  return shard;
}

/// The shard that was asked for, if any. Where the command line names none, Bazel's protocol of
/// test sharding does: the environment says which one, and a file must be touched to confirm that.
std::expected<std::optional<Shard>, std::string> shard_asked_for(const RawOptions& raw) {
  std::string text = raw.shard;
  if (text.empty()) {
    const char* const count = std::getenv("TEST_TOTAL_SHARDS");
    const char* const index = std::getenv("TEST_SHARD_INDEX");
    if (count == nullptr || index == nullptr) return std::nullopt;
    if (const char* const status = std::getenv("TEST_SHARD_STATUS_FILE")) {
      std::ofstream confirmed(status, std::ios::app);
    }
    text = fmt::format("{}/{}", index, count);
  }
  if (const auto shard = parse_shard(text)) return shard;
  return std::unexpected(
      fmt::format("\"{}\"{} is not a valid shard; 0/3 is the first of three", text,
                  raw.shard.empty() ? " of TEST_SHARD_INDEX/TEST_TOTAL_SHARDS" : ""));
}

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
    if (family_problem(job.slab.family, options)) {
      ++options.left_out;
    } else {
      options.jobs.push_back(std::move(job));
    }
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

constexpr const char* kNeedsSharedSlab =
    "--search states needs --slab shared: it does not see the atomics of caches and owners";

/// Why the states of what runs in this job cannot be compared.
Problem states_problem(const CheckJob& job) {
  if (job.slab.family != SlabFamily::kShared) {
    return kNeedsSharedSlab;
  }
  const bool has_gifts = std::ranges::any_of(job.program.threads, [](const auto& thread) {
    return std::ranges::any_of(thread, [](Op op) { return traits_of(op).effect == Effect::kGift; });
  });
  if (has_gifts) {
    return "--search states cannot run programs with gifts (g, t): they pass through atomics, "
           "which it does not see";
  }
  return std::nullopt;
}

/// Takes the jobs out that are not for what was asked for.
template <class Predicate>
void leave_out(CommandOptions& options, Predicate is_left_out) {
  options.left_out += std::erase_if(options.jobs, is_left_out);
}

/// What a search over states does not do. Suites leave out what is not for it.
Problem resolve_states(const RawOptions& raw, CommandOptions& options) {
  const SearchOptions& search = options.search;
  const bool is_suite = raw.program.empty() && raw.scenarios.empty();
  const bool is_for_executions = options.estimate || !options.steps_file.empty();
  const auto is_by_states = [&](const CheckJob& job) {
    return search_of(job, search) == Search::kStates;
  };
  if (is_suite && search.search == Search::kStates) {
    leave_out(options, [](const CheckJob& job) { return states_problem(job).has_value(); });
  } else if (is_suite && search.search) {
    leave_out(options, [](const CheckJob& job) { return job.has_many_threads; });
  } else if (is_suite && is_for_executions) {
    leave_out(options, is_by_states);
  }
  const bool enumerates_states = options.enumeration && search.search == Search::kStates;
  if (std::ranges::none_of(options.jobs, is_by_states) && !enumerates_states) return std::nullopt;
  if (!options.steps_file.empty()) {
    return "--emit-steps cannot be used with --search states, which runs few executions to their "
           "end";
  }
  if (options.estimate) return "--estimate counts executions, which --search states does not";
  if (enumerates_states && options.enumeration->family != SlabFamily::kShared) {
    return kNeedsSharedSlab;
  }
  for (const CheckJob& job : options.jobs) {
    if (!is_by_states(job)) continue;
    if (auto problem = states_problem(job)) return problem;
  }
  return std::nullopt;
}

/// An option that would change nothing: whoever gave it expects another search than would run.
Problem idle_option(const CLI::App& app, const RawOptions& raw, const CommandOptions& options) {
  const std::optional<Search> search = options.search.search;
  const bool has_program = app.count("--program") > 0;
  const bool has_slab = has_program || options.enumeration;
  const SlabFamily family = options.enumeration ? options.enumeration->family
                            : has_program       ? options.jobs.front().slab.family
                                                : SlabFamily::kShared;
  const bool has_states =
      search == Search::kStates || std::ranges::any_of(options.jobs, [&](const CheckJob& job) {
        return search_of(job, options.search) == Search::kStates;
      });
  const char* const program = "--program; scenarios and enumerations say it themselves";
  const struct {
    const char* option;
    bool is_used;
    const char* needs;
  } rules[] = {{"--capacity", has_program, program},
               {"--initial", has_program, program},
               {"--recheck", has_program, program},
               {"--protection", has_program, program},
               {"--slab", has_slab, "--program or --enumerate; scenarios say it themselves"},
               // One block at a time is what a shared slab does.
               {"--batch", family != SlabFamily::kShared || raw.slab.batch == 1,
                "--slab cached, auto-cached or owner"},
               {"--bound", search == Search::kBound, "--search bound"},
               {"--seed", search == Search::kRandom, "--search random"},
               {"--exact", has_states, "--search states"},
               {"--memory-limit", has_states, "--search states"}};
  for (const auto& rule : rules) {
    if (app.count(rule.option) > 0 && !rule.is_used) {
      return fmt::format("{} needs {}", rule.option, rule.needs);
    }
  }
  return std::nullopt;
}

/// An output that would overwrite what is read, or another output.
Problem overwritten_file(const CommandOptions& options) {
  const std::pair<const char*, const std::string*> outputs[] = {
      {"--trace", &options.trace_file},
      {"--draw", &options.draw_file},
      {"--json", &options.json_file},
      {"--emit-steps", &options.steps_file},
      {"--checkpoint", &options.search.checkpoint_file}};
  // "-" is standard output here and standard input there; and a device has nothing to lose.
  const auto is_file = [](const std::string& name) {
    std::error_code is_new;
    const auto status = std::filesystem::status(name, is_new);
    return name != kStandardStream &&
           (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status));
  };
  const auto is_same = [&](const std::string& one, const std::string& other) {
    std::error_code is_new;
    return is_file(one) && (one == other || std::filesystem::equivalent(one, other, is_new));
  };
  for (auto output = std::begin(outputs); output != std::end(outputs); ++output) {
    const auto& [name, file] = *output;
    if (file->empty()) continue;
    const auto is_input = [&](const std::string& input) { return is_same(*file, input); };
    if (std::ranges::any_of(options.merge_files, is_input) || is_input(options.replay_file)) {
      return fmt::format("{} {}: this file is also read", name, *file);
    }
    for (const auto& [other, other_file] : std::span(std::begin(outputs), output)) {
      if (is_input(*other_file)) {
        return fmt::format("{} {}: this file is also that of {}", name, *file, other);
      }
    }
  }
  return std::nullopt;
}

Problem resolve_sharing(const RawOptions& raw, SearchOptions& search) {
  const auto shard = shard_asked_for(raw);
  if (!shard) return shard.error();
  search.shard = *shard;
  constexpr std::uint64_t kDefaultRandomExecutions = 100'000;
  const bool is_random = search.search == Search::kRandom;
  const bool is_split = search.processes > 1 || search.shard || !search.checkpoint_file.empty();
  const bool is_whole =
      is_random || search.search == Search::kFull || search.search == Search::kBound;
  if (is_split && (is_whole || search.iterations != 0)) {
    return fmt::format("{} need --search dpor, graph or states, without --iterations",
                       search.shard && raw.shard.empty() ? "TEST_TOTAL_SHARDS and TEST_SHARD_INDEX"
                                                         : "--jobs, --shard and --checkpoint");
  }
  if (is_random && search.iterations == 0) search.iterations = kDefaultRandomExecutions;
  return std::nullopt;
}

}  // namespace

void exclude_what_is_ignored(CLI::App& app) {
  using Names = std::vector<std::string>;
  const auto exclude = [&](const char* name, const Names& groups, const Names& options) {
    CLI::Option* const mode = app.get_option(name);
    for (CLI::Option* const other : app.get_options()) {
      const bool is_ignored = std::ranges::count(groups, other->get_group()) != 0 ||
                              std::ranges::count(options, "--" + other->get_lnames().front()) != 0;
      if (other != mode && is_ignored) mode->excludes(other);
    }
  };
  const Names exploration = {kWhatToCheck, kHowToSearch, kHowToShare};
  exclude("--replay", exploration, {});
  exclude("--merge", exploration, {"--replay", "--trace", "--draw", "--emit-steps"});
  exclude("--estimate", {}, {"--merge", "--replay", "--trace", "--draw", "--json", "--checkpoint"});
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto suite : {default_suite(), deep_suite()}) {
    for (const Scenario& scenario : suite) names.emplace_back(scenario.name);
  }
  return names;
}

std::optional<std::string> resolve(const CLI::App& app, const RawOptions& raw,
                                   CommandOptions& options) {
  if (auto problem = overwritten_file(options)) return problem;
  if (!options.merge_files.empty() || !options.replay_file.empty()) return std::nullopt;
  SearchOptions& search = options.search;
  if (auto problem = resolve_memory(raw, search)) return problem;
  if (options.trace_file.ends_with(kDotExtension)) {
    if (!search.search) search.search = Search::kGraph;
    if (search.search != Search::kGraph) {
      return fmt::format("--trace {}: only --search graph has an execution graph",
                         options.trace_file);
    }
  }
  if (auto problem = resolve_sharing(raw, search)) return problem;
  const auto add_jobs = [&] {
    if (!raw.program.empty()) return add_program(raw, options);
    return raw.enumerate.empty() ? add_scenarios(raw, options) : add_enumeration(raw, options);
  };
  if (auto problem = add_jobs()) return problem;
  if (auto problem = idle_option(app, raw, options)) return problem;
  return resolve_states(raw, options);
}

}  // namespace slabproof::model
