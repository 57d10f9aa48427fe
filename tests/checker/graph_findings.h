#ifndef SLABPROOF_TESTS_CHECKER_GRAPH_FINDINGS_H_
#define SLABPROOF_TESTS_CHECKER_GRAPH_FINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "model/graph/graph_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/support/small_execution.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {

/// A graph without the order in which it was built: equal for equal graphs only.
inline std::string canonical_text(const model::graph::Graph& graph) {
  std::string text;
  const auto add = [&text](model::graph::EventId id) {
    text += static_cast<char>('!' + id.thread % 64);
    text += static_cast<char>('!' + id.index);
  };
  for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
    for (const model::graph::Event& event : graph.thread(thread)) {
      text += static_cast<char>('a' + static_cast<int>(event.kind));
      if (event.is_spurious) text += '?';
      if (event.reads()) add(event.source);
    }
    text += '|';
  }
  for (std::size_t location = 0; location < graph.location_count(); ++location) {
    for (const auto write : graph.writes_to(static_cast<model::graph::Location>(location))) {
      add(write);
    }
    text += '/';
  }
  return text;
}

/// What the execution graphs of a program came to.
struct GraphFindings {
  std::set<std::string> outcomes;  ///< of those without a failure
  std::set<model::Defect> violations;
  std::uint64_t complete = 0;  ///< without a failure
  std::uint64_t repeated = 0;  ///< of these, equal to one before
  model::ExploreResult result;
};

/// Explores a small program to the end, past violations. A weak compare-exchange may fail as often
/// as it is called.
inline GraphFindings find_graphs(const SmallProgram& program, model::MemoryModel memory_model) {
  SmallExecution<model::RelacySync> execution(program);
  GraphFindings findings;
  std::set<std::string> seen;
  model::ExploreOptions options;
  options.search = model::Search::kGraph;
  options.stop_on_violation = false;
  options.trace = false;
  options.run.memory_model = memory_model;
  options.run.spurious_failures = 100;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) {
      findings.violations.insert(end.failure->defect);
      return;
    }
    ++findings.complete;
    findings.outcomes.insert(execution.outcome());
    const auto& graph = model::graph::last_graph(program.size());
    if (!seen.insert(canonical_text(graph)).second) ++findings.repeated;
  };
  findings.result = model::explore(execution, &model::graph::graph_runner, options);
  return findings;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_GRAPH_FINDINGS_H_
