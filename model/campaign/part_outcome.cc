#include "model/campaign/part_outcome.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace slabproof::model {

std::string to_json_line(const PartOutcome& outcome) {
  const nlohmann::ordered_json object = {{"executions", outcome.executions},
                                         {"redundant", outcome.redundant},
                                         {"complete", outcome.complete},
                                         {"verdict", outcome.verdict},
                                         {"max_segments", outcome.max_segments},
                                         {"max_over_growth", outcome.max_over_growth},
                                         {"witness", outcome.witness},
                                         {"property", outcome.property},
                                         {"message", outcome.message},
                                         {"schedule", outcome.schedule},
                                         {"seconds", outcome.seconds}};
  return object.dump();
}

std::optional<PartOutcome> parse_part_outcome(std::string_view line) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  try {
    return PartOutcome{.executions = object.at("executions").get<std::uint64_t>(),
                       .redundant = object.at("redundant").get<std::uint64_t>(),
                       .complete = object.at("complete").get<bool>(),
                       .verdict = object.at("verdict").get<Verdict>(),
                       .max_segments = object.at("max_segments").get<std::uint64_t>(),
                       .max_over_growth = object.at("max_over_growth").get<std::uint64_t>(),
                       .witness = object.at("witness").get<std::string>(),
                       .property = object.at("property").get<std::string>(),
                       .message = object.at("message").get<std::string>(),
                       .schedule = object.at("schedule").get<std::string>(),
                       .seconds = object.at("seconds").get<double>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void add(PartOutcome& sum, const PartOutcome& part) {
  sum.executions += part.executions;
  sum.redundant += part.redundant;
  sum.complete = sum.complete && part.complete;
  sum.max_segments = std::max(sum.max_segments, part.max_segments);
  if (sum.witness.empty() || part.max_over_growth > sum.max_over_growth) {
    sum.witness = part.witness;
    sum.max_over_growth = part.max_over_growth;
  }
  if (sum.property.empty() || worse_of(sum.verdict, part.verdict) != sum.verdict) {
    sum.property = part.property;
    sum.message = part.message;
    sum.schedule = part.schedule;
  }
  sum.verdict = worse_of(sum.verdict, part.verdict);
  sum.seconds += part.seconds;
}

}  // namespace slabproof::model
