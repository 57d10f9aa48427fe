#include "model/check/share_outcome.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/search/schedule.h"

namespace slabproof::model {

ShareOutcome ShareOutcome::of(const ExploreResult& result, std::set<std::string> outcomes) {
  return {.executions = result.executions,
          .redundant = result.redundant,
          .verdict = result.verdict,
          .exhaustive = result.exhaustive,
          .explored_part = result.explored_part,
          .schedule = result.violation ? to_text(result.schedule) : "",
          .warnings = result.warnings,
          .outcomes = std::move(outcomes)};
}

void ShareOutcome::add(ShareOutcome other) {
  if (!other.schedule.empty() &&
      (schedule.empty() || worse_of(verdict, other.verdict) != verdict)) {
    schedule = std::move(other.schedule);
  }
  executions += other.executions;
  redundant += other.redundant;
  verdict = worse_of(verdict, other.verdict);
  exhaustive = exhaustive && other.exhaustive;
  explored_part += other.explored_part;
  for (std::string& warning : other.warnings) {
    if (std::ranges::find(warnings, warning) == warnings.end()) {
      warnings.push_back(std::move(warning));
    }
  }
  outcomes.merge(other.outcomes);
}

std::string ShareOutcome::to_line() const {
  const nlohmann::json object = {{"executions", executions},
                                 {"redundant", redundant},
                                 {"verdict", verdict},
                                 {"exhaustive", exhaustive},
                                 {"explored_part", explored_part},
                                 {"schedule", schedule},
                                 {"warnings", warnings},
                                 {"outcomes", outcomes}};
  // Whatever the program has observed.
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ShareOutcome ShareOutcome::from_line(const std::string& line) {
  const auto object = nlohmann::json::parse(line);
  return {.executions = object.at("executions").get<std::uint64_t>(),
          .redundant = object.at("redundant").get<std::uint64_t>(),
          .verdict = object.at("verdict").get<Verdict>(),
          .exhaustive = object.at("exhaustive").get<bool>(),
          .explored_part = object.at("explored_part").get<double>(),
          .schedule = object.at("schedule").get<std::string>(),
          .warnings = object.at("warnings").get<std::vector<std::string>>(),
          .outcomes = object.at("outcomes").get<std::set<std::string>>()};
}

}  // namespace slabproof::model
