#include "model/campaign/part_outcome.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace slabproof::model {
namespace {

Schedule schedule_from(const nlohmann::json& text) {
  auto schedule = parse_schedule(text.get<std::string>());
  if (!schedule) throw std::invalid_argument(schedule.error());
  return std::move(*schedule);
}

nlohmann::ordered_json json_of(const Failure& failure) {
  return {{"defect", failure.defect},   {"label", failure.label},
          {"message", failure.message}, {"file", failure.place.file},
          {"line", failure.place.line}, {"function", failure.place.function}};
}

Failure failure_from(const nlohmann::json& object) {
  return {.defect = object.at("defect").get<Defect>(),
          .label = object.at("label").get<std::string>(),
          .message = object.at("message").get<std::string>(),
          .place = {.file = object.at("file").get<std::string>(),
                    .line = object.at("line").get<std::uint32_t>(),
                    .function = object.at("function").get<std::string>()}};
}

PartOutcome outcome_from(const nlohmann::json& object) {
  PartOutcome outcome{.executions = object.at("executions").get<std::uint64_t>(),
                      .redundant = object.at("redundant").get<std::uint64_t>(),
                      .states = object.at("states").get<std::uint64_t>(),
                      .transitions = object.at("transitions").get<std::uint64_t>(),
                      .state_bytes = object.at("state_bytes").get<std::uint64_t>(),
                      .out_of_memory = object.at("out_of_memory").get<bool>(),
                      .complete = object.at("complete").get<bool>(),
                      .verdict = object.at("verdict").get<Verdict>(),
                      .max_segments = object.at("max_segments").get<std::uint64_t>(),
                      .max_over_growth = object.at("max_over_growth").get<std::uint64_t>(),
                      .seconds = object.at("seconds").get<double>(),
                      .warnings = object.at("warnings").get<std::vector<std::string>>()};
  if (const auto& witness = object.at("witness"); !witness.is_null()) {
    outcome.witness = schedule_from(witness);
  }
  if (const auto& violation = object.at("violation"); !violation.is_null()) {
    outcome.violation = {.failure = failure_from(violation.at("failure")),
                         .schedule = schedule_from(violation.at("schedule"))};
  }
  return outcome;
}

}  // namespace

std::string to_json_line(const PartOutcome& outcome) {
  nlohmann::ordered_json object = {{"executions", outcome.executions},
                                   {"redundant", outcome.redundant},
                                   {"states", outcome.states},
                                   {"transitions", outcome.transitions},
                                   {"state_bytes", outcome.state_bytes},
                                   {"out_of_memory", outcome.out_of_memory},
                                   {"complete", outcome.complete},
                                   {"verdict", outcome.verdict},
                                   {"max_segments", outcome.max_segments},
                                   {"max_over_growth", outcome.max_over_growth},
                                   {"witness", nullptr},
                                   {"violation", nullptr},
                                   {"seconds", outcome.seconds},
                                   {"warnings", outcome.warnings}};
  if (outcome.witness) object["witness"] = to_text(*outcome.witness);
  if (outcome.violation) {
    object["violation"] = {{"failure", json_of(outcome.violation->failure)},
                           {"schedule", to_text(outcome.violation->schedule)}};
  }
  return object.dump();
}

std::optional<PartOutcome> parse_part_outcome(std::string_view line) {
  try {
    return outcome_from(nlohmann::json::parse(line));
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

void add(PartOutcome& sum, const PartOutcome& part) {
  sum.executions += part.executions;
  sum.redundant += part.redundant;
  sum.states += part.states;
  sum.transitions += part.transitions;
  sum.state_bytes = std::max(sum.state_bytes, part.state_bytes);
  sum.out_of_memory = sum.out_of_memory || part.out_of_memory;
  sum.complete = sum.complete && part.complete;
  sum.max_segments = std::max(sum.max_segments, part.max_segments);
  if (!sum.witness || part.max_over_growth > sum.max_over_growth) {
    sum.witness = part.witness;
    sum.max_over_growth = part.max_over_growth;
  }
  if (!sum.violation || worse_of(sum.verdict, part.verdict) != sum.verdict) {
    sum.violation = part.violation;
  }
  sum.verdict = worse_of(sum.verdict, part.verdict);
  sum.seconds += part.seconds;
  for (const std::string& warning : part.warnings) {
    if (std::ranges::find(sum.warnings, warning) != sum.warnings.end()) continue;
    sum.warnings.push_back(warning);
  }
}

}  // namespace slabproof::model
