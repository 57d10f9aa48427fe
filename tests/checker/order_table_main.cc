// Weakens each memory order of the library by one step, at its place in the source, and searches
// the execution graphs of programs that use it: an order that is needed makes one of them fail.
// Prints the results as JSON; order_table.py makes a table of them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "model/graph/graph_explore.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "model/slab/property.h"
#include "slabproof/misuse.h"
#include "tests/checker/owner_program.h"
#include "tests/checker/weakened_sync.h"
#include "tests/checker/wrapper_program.h"

namespace slabproof::testing {
namespace {

using nlohmann::json;

/// Asks for the number of blocks that are live at the end, for which the region counts what remotes
/// give back to their callers.
struct LiveMisuse : CountMisuse {
  static void report_live(std::uint64_t /*count*/, const void* /*pointer*/,
                          const void* /*slab*/) noexcept {}
};

/// A program of one owner and two remotes; see `Program`.
struct Scenario {
  std::string_view name;
  Program program;
  std::size_t batch = 1;
};

constexpr Scenario kScenarios[] = {
    {"owner allocates", {.owner = "a", .frees = 2}},
    {"owner reclaims", {.owner = "r"}},
    {"owner closes", {.owner = "c"}},
    {"owner closes, batches of two", {.owner = "c", .frees = 2}, 2},
    {"head comes back", {.owner = "rp", .starts_with_one_pushed = true}},
    {"all handles go", {.owner = "d", .remotes_go = true}},
    {"remotes are copied and go",
     {.owner = "d", .frees = 0, .remotes_go = true, .remotes_are_copied = true}},
};

std::string_view name_of(std::memory_order order) {
  constexpr std::string_view kNames[] = {"relaxed", "consume", "acquire",
                                         "release", "acq_rel", "seq_cst"};
  return kNames[static_cast<std::size_t>(order)];
}

/// The property that the first failing execution violates; nothing where all executions are good.
std::optional<std::string> violated(model::Execution& execution) {
  model::ExploreOptions options;
  options.search = model::Search::kGraph;
  options.trace = false;
  const model::ExploreResult result =
      model::explore(execution, &model::graph::graph_runner, options);
  if (result.violation) {
    if (result.violation->is_no_verdict()) throw std::logic_error(to_text(*result.violation));
    return model::property_of(*result.violation);
  }
  if (!result.exhaustive) throw std::logic_error("a search did not end");
  return std::nullopt;
}

template <std::size_t kBatch>
std::optional<std::string> violated(const Program& program) {
  OwnerAndRemotes<WeakenedSync, kBatch, LiveMisuse> execution(program);
  return violated(execution);
}

/// The wrappers have relaxed orders only, so nothing of them can be weakened: once is enough.
void meet_orders_of_wrappers() {
  const WrapperProgram program{.threads = {"af", "af"}};
  CountingThreads<WeakenedSync> counting(program);
  WatchedThreads<WeakenedSync> watched(program, Mark::bytes(0, 0));
  if (violated(counting) || violated(watched)) throw std::logic_error("a wrapper is wrong");
}

json findings() {
  json found = json::object();
  for (const Scenario& scenario : kScenarios) {
    const auto property =
        scenario.batch == 1 ? violated<1>(scenario.program) : violated<2>(scenario.program);
    found[std::string(scenario.name)] = property ? json(*property) : json();
  }
  return found;
}

json row(const OrderSite& site) {
  return {{"file", site.file},           {"line", site.line},
          {"column", site.column},       {"function", site.function},
          {"operation", site.operation}, {"order", name_of(site.order)}};
}

json table() {
  json result;
  for (const Scenario& scenario : kScenarios) result["scenarios"].push_back(scenario.name);
  WeakenedSync::weakening = nullptr;
  result["as shipped"] = findings();
  meet_orders_of_wrappers();
  for (const OrderSite& site : WeakenedSync::sites) {
    result["sites"].push_back(row(site));
    for (const std::memory_order weaker : one_step_weaker(site.operation, site.order)) {
      const WeakenedSync::Weakening weakening{site, weaker};
      WeakenedSync::weakening = &weakening;
      json weakened = row(site);
      weakened["weakened"] = name_of(weaker);
      weakened["violated"] = findings();
      result["weakenings"].push_back(std::move(weakened));
    }
  }
  return result;
}

}  // namespace
}  // namespace slabproof::testing

int main() {
  std::puts(slabproof::testing::table().dump(1).c_str());
}
