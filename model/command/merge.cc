#include "model/command/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "model/campaign/run.h"
#include "model/program/job.h"
#include "model/program/scenario.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"

namespace slabproof::model {
namespace {

using Json = nlohmann::json;

/// What a report must be the same in to be of the same search.
constexpr const char* kOfTheSearch[] = {"scenario", "program",    "capacity", "initial_segments",
                                        "recheck",  "protection", "slab",     "batch",
                                        "search",   "memory",     "symmetry"};

const Json& member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw std::invalid_argument(fmt::format("no \"{}\"", name));
  return *found;
}

std::string text_or_empty(const Json& value) {
  return value.is_null() ? "" : value.get<std::string>();
}

template <class Value>
Value required(std::optional<Value> value, const char* member) {
  if (!value) throw std::invalid_argument(member);
  return std::move(*value);
}

template <class Value>
Value required(std::expected<Value, std::string> value) {
  if (!value) throw std::invalid_argument(value.error());
  return std::move(*value);
}

std::uint32_t number(const Json& object, const char* name, std::uint32_t most) {
  const Json& value = member(object, name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    throw std::invalid_argument(fmt::format("\"{}\" is not a number up to {}", name, most));
  }
  return value.get<std::uint32_t>();
}

CheckJob job_from(const Json& object) {
  auto program = parse_program(member(object, "program").get<std::string>());
  if (!program) throw std::invalid_argument(program.error().message);
  CheckJob job{
      .scenario = "",
      .program = std::move(*program),
      .slab = {.capacity = number(object, "capacity", 64),
               .initial_segments = number(object, "initial_segments", 16),
               .recheck_all = member(object, "recheck") == "all",
               .slot_states = member(object, "protection") == "slot-states",
               .family = required(parse_family(member(object, "slab").get<std::string>()), "slab"),
               .batch = number(object, "batch", kMaxSlabBatch)}};
  const std::string name = text_or_empty(member(object, "scenario"));
  if (name.empty()) return job;
  const Scenario* const scenario = find_scenario(name);
  if (scenario == nullptr) throw std::invalid_argument("unknown scenario " + name);
  CheckJob of_scenario = job_of(*scenario);
  if (to_text(of_scenario.program) != to_text(job.program) || of_scenario.slab != job.slab) {
    throw std::invalid_argument(fmt::format("scenario {} is another program here", name));
  }
  return of_scenario;
}

Verdict verdict_from(const std::string& text) {
  for (const Verdict verdict : {Verdict::kHolds, Verdict::kViolated, Verdict::kInconclusive}) {
    if (to_string(verdict) == text) return verdict;
  }
  throw std::invalid_argument("verdict");
}

MemoryModel memory_from(const std::string& text) {
  const auto found = std::ranges::find(kMemoryModelNames, text);
  if (found == kMemoryModelNames.end()) throw std::invalid_argument("memory");
  return static_cast<MemoryModel>(found - kMemoryModelNames.begin());
}

RunResult result_from(const Json& object) {
  RunResult result;
  result.job = job_from(object);
  result.search = required(parse_search(member(object, "search").get<std::string>()));
  if (const auto& memory = member(object, "memory"); !memory.is_null()) {
    result.memory = memory_from(memory.get<std::string>());
  }
  result.symmetry = member(object, "symmetry").get<bool>();
  result.executions = member(object, "executions").get<std::uint64_t>();
  result.redundant = member(object, "redundant").get<std::uint64_t>();
  if (result.search == Search::kStates) {
    result.states = member(object, "states").get<std::uint64_t>();
    result.transitions = member(object, "transitions").get<std::uint64_t>();
    result.state_bytes = member(object, "state_bytes").get<std::uint64_t>();
  }
  result.verdict = verdict_from(member(object, "verdict").get<std::string>());
  result.property = text_or_empty(member(object, "property"));
  result.message = text_or_empty(member(object, "message"));
  result.limit.text = text_or_empty(member(object, "limit"));
  if (const auto& shard = member(object, "shard"); !shard.is_null()) {
    result.shard = {.index = number(shard, "index", kMostShards),
                    .count = number(shard, "count", kMostShards)};
  }
  result.max_segments = member(object, "max_segments").get<std::uint64_t>();
  result.max_over_growth = member(object, "max_over_growth").get<std::uint64_t>();
  result.warnings = member(object, "warnings").get<std::vector<std::string>>();
  result.seconds = member(object, "seconds").get<double>();
  if (const auto& recorded = member(object, "replay"); !recorded.is_null()) {
    result.replay = required(parse_recorded(recorded.get<std::string>()));
  }
  if (const auto& minimal = member(object, "minimal_program"); !minimal.is_null()) {
    auto program = parse_program(minimal.get<std::string>());
    if (!program) throw std::invalid_argument(program.error().message);
    result.minimal = {.program = std::move(*program),
                      .message = text_or_empty(member(object, "minimal_message")),
                      .preemptions = {}};
    if (const auto& preemptions = member(object, "preemptions"); !preemptions.is_null()) {
      result.minimal->preemptions = preemptions.get<unsigned>();
    }
  }
  return result;
}

std::string key_of(const Json& object) {
  Json key = Json::array();
  for (const char* const member : kOfTheSearch) key.push_back(object.at(member));
  return key.dump();
}

std::string shard_text(const Shard& shard) {
  return fmt::format("shard {}/{}", shard.index, shard.count);
}

/// Adds a shard to the sum of those before it. What violates stays, else what was cut.
void add_shard(RunResult& sum, const RunResult& shard) {
  const bool is_worse = worse_of(sum.verdict, shard.verdict) != sum.verdict;
  if (is_worse) {
    sum.verdict = shard.verdict;
    sum.property = shard.property;
    sum.message = shard.message;
    sum.replay = shard.replay;
    sum.minimal = shard.minimal;
  }
  const bool is_cut = !shard.limit.text.empty() && shard.limit.text != shard_text(*shard.shard);
  if (is_cut && sum.limit.kind == SearchLimit::Kind::kNone) {
    sum.limit = {SearchLimit::Kind::kStopped,
                 fmt::format("{}: {}", shard_text(*shard.shard), shard.limit.text)};
  }
  sum.executions += shard.executions;
  sum.redundant += shard.redundant;
  sum.states += shard.states;
  sum.transitions += shard.transitions;
  sum.state_bytes = std::max(sum.state_bytes, shard.state_bytes);
  sum.max_segments = std::max(sum.max_segments, shard.max_segments);
  sum.max_over_growth = std::max(sum.max_over_growth, shard.max_over_growth);
  sum.seconds += shard.seconds;
  for (const std::string& warning : shard.warnings) {
    if (std::ranges::find(sum.warnings, warning) == sum.warnings.end()) {
      sum.warnings.push_back(warning);
    }
  }
}

}  // namespace

std::optional<std::string> ShardReports::add(const std::string& file, const std::string& text) {
  const Json array = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return "not results of check --json";
  if (array.empty()) return "there is no result in it";
  try {
    for (const Json& object : array) {
      const RunResult result = result_from(object);
      if (!result.shard || result.shard->index >= result.shard->count) {
        return fmt::format("{}: not the result of a shard", to_text(result.job.program));
      }
      const std::string build = member(object, "build").get<std::string>();
      if (build_.empty()) build_ = build;
      if (build != build_) {
        return "of another build than the first file: it may be of other code";
      }
      const std::string key = key_of(object);
      auto job = std::ranges::find(jobs_, key, &Job::key);
      if (job == jobs_.end()) {
        jobs_.push_back({.key = key, .shards = result.shard->count, .reports = {}});
        job = jobs_.end() - 1;
      }
      if (job->shards != result.shard->count) {
        return fmt::format("{}, where others are of {}", shard_text(*result.shard), job->shards);
      }
      const auto [known, is_new] = job->reports.try_emplace(result.shard->index, file, result);
      if (!is_new) {
        return fmt::format("{} of {} is in {} too", shard_text(*result.shard),
                           to_text(result.job.program), known->second.file);
      }
    }
  } catch (const Json::exception& problem) {
    return fmt::format("not results of check --json: {}", problem.what());
  } catch (const std::invalid_argument& problem) {
    return fmt::format("not results of check --json: {}", problem.what());
  }
  return std::nullopt;
}

std::vector<MergedResult> ShardReports::merge() const {
  std::vector<MergedResult> merged;
  for (const Job& job : jobs_) merged.push_back(merge(job));
  return merged;
}

MergedResult ShardReports::merge(const Job& job) {
  const RunResult& first = job.reports.begin()->second.result;
  MergedResult merged{.result = {}, .shards = job.shards, .missing = {}};
  RunResult& sum = merged.result;
  sum.job = first.job;
  sum.search = first.search;
  sum.memory = first.memory;
  sum.symmetry = first.symmetry;
  merged.least_seconds = first.seconds;
  for (const auto& [index, report] : job.reports) {
    add_shard(sum, report.result);
    merged.least_seconds = std::min(merged.least_seconds, report.result.seconds);
    merged.most_seconds = std::max(merged.most_seconds, report.result.seconds);
  }
  for (std::uint32_t index = 0; index < job.shards; ++index) {
    if (!job.reports.contains(index)) merged.missing.push_back(index);
  }
  if (!merged.missing.empty()) {
    sum.limit = {SearchLimit::Kind::kShard,
                 fmt::format("{} of {} shards", job.reports.size(), job.shards)};
    sum.verdict = worse_of(sum.verdict, Verdict::kInconclusive);
  }
  // Each repetition is of an execution, so there must be one.
  if (merged.missing.empty() && sum.executions == 0 && sum.redundant != 0) {
    sum.verdict = worse_of(sum.verdict, Verdict::kInconclusive);
  }
  sum.exhaustive = sum.limit.kind == SearchLimit::Kind::kNone && sum.verdict != Verdict::kViolated;
  judge_expectations(sum.job, sum);
  return merged;
}

std::string format_shards(const MergedResult& merged) {
  std::string text = fmt::format("  {} of {} shards, {:.2f} to {:.2f} s each\n",
                                 merged.shards - merged.missing.size(), merged.shards,
                                 merged.least_seconds, merged.most_seconds);
  if (!merged.missing.empty()) {
    std::vector<std::string> names;
    for (const std::uint32_t index : merged.missing) {
      names.push_back(fmt::format("{}/{}", index, merged.shards));
    }
    text += fmt::format("  missing: {}\n", fmt::join(names, " "));
  }
  return text;
}

}  // namespace slabproof::model
