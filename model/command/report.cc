#include "model/command/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "model/command/options.h"

namespace slabproof::model {
namespace {

nlohmann::ordered_json null_if_empty(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

std::string recheck_name(Recheck recheck) {
  return recheck == Recheck::kAllSegments ? "all" : "new";
}

/// "12,345": counts in the table are read by people.
std::string grouped(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string rate(const RunResult& result) {
  // Below a millisecond the clock says nothing about speed.
  if (result.seconds < 0.001) return "-";
  return grouped(
      static_cast<std::uint64_t>(static_cast<double>(result.executions) / result.seconds));
}

std::string coverage(const RunResult& result) {
  if (result.exhaustive) return "exhaustive";
  if (!result.limit.empty()) return result.limit;
  return "stopped";
}

constexpr std::size_t kColumns = 9;
using Row = std::array<std::string, kColumns>;

Row row_of(const RunResult& result) {
  return {result.scenario.empty() ? result.program : result.scenario,
          std::to_string(result.threads),
          recheck_name(result.recheck),
          result.search,
          grouped(result.executions),
          rate(result),
          coverage(result),
          std::to_string(result.max_over_growth),
          result.property.empty()
              ? to_string(result.verdict)
              : fmt::format("{} {}", to_string(result.verdict), result.property)};
}

/// Counts are aligned on the right, words on the left.
struct Column {
  std::string_view title;
  std::size_t width;
  bool right;
};
constexpr std::array<Column, kColumns> kTable = {{{"scenario", 8, false},
                                                  {"threads", 7, true},
                                                  {"recheck", 7, false},
                                                  {"search", 6, false},
                                                  {"executions", 10, true},
                                                  {"executions/s", 12, true},
                                                  {"coverage", 12, false},
                                                  {"over-growth", 11, true},
                                                  {"verdict", 7, false}}};

std::string format_row(const Row& row, std::size_t name_width) {
  std::string line;
  for (std::size_t column = 0; column < kColumns; ++column) {
    const std::size_t width = column == 0 ? name_width : kTable[column].width;
    if (column != 0) line += "  ";
    line += kTable[column].right ? fmt::format("{:>{}}", row[column], width)
                                 : fmt::format("{:<{}}", row[column], width);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  line += '\n';
  return line;
}

std::string slab_of(const RunResult& result) {
  return fmt::format("capacity {}, recheck {}, {} initial segments", result.capacity,
                     recheck_name(result.recheck), result.initial_segments);
}

std::string replay_command(const RunResult& result, const std::string& command) {
  if (result.replay.empty()) return "";
  return fmt::format("echo '{}' | {} --replay -", result.replay, command);
}

/// What is known of the smaller program that the trace is of.
std::string format_minimal(const RunResult& result) {
  std::string text = fmt::format("minimal   {}", result.minimal_program);
  if (result.preemptions) {
    text += fmt::format("   ({} preemption{}; it fails with no fewer)", *result.preemptions,
                        *result.preemptions == 1 ? "" : "s");
  }
  return text + fmt::format("\n          {}\n", result.minimal_message);
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kViolated:
      return "violated";
    case Verdict::kInconclusive:
    case Verdict::kUnsupported:
      return "inconclusive";
  }
  return "inconclusive";
}

std::string to_json(const std::vector<RunResult>& results) {
  auto array = nlohmann::ordered_json::array();
  for (const RunResult& result : results) {
    array.push_back(
        {{"scenario", null_if_empty(result.scenario)},
         {"program", result.program},
         {"threads", result.threads},
         {"capacity", result.capacity},
         {"initial_segments", result.initial_segments},
         {"recheck", recheck_name(result.recheck)},
         {"search", result.search},
         {"symmetry", result.symmetry},
         {"executions", result.executions},
         {"redundant", result.redundant},
         {"exhaustive", result.exhaustive},
         {"limit", null_if_empty(result.limit)},
         {"verdict", to_string(result.verdict)},
         {"property", null_if_empty(result.property)},
         {"message", null_if_empty(result.message)},
         {"max_segments", result.max_segments},
         {"max_over_growth", result.max_over_growth},
         {"seconds", result.seconds},
         {"replay", null_if_empty(result.replay)},
         {"minimal_program", null_if_empty(result.minimal_program)},
         {"minimal_message", null_if_empty(result.minimal_message)},
         {"preemptions", result.preemptions ? nlohmann::ordered_json(*result.preemptions)
                                            : nlohmann::ordered_json(nullptr)}});
  }
  return array.dump(2) + "\n";
}

ResultTable::ResultTable(std::size_t widest_name)
    : name_width_(std::max(widest_name, kTable.front().width)) {}

std::string ResultTable::header() const {
  Row titles;
  std::ranges::transform(kTable, titles.begin(),
                         [](const Column& column) { return std::string(column.title); });
  return format_row(titles, name_width_);
}

std::string ResultTable::row(const RunResult& result) const {
  return format_row(row_of(result), name_width_);
}

std::string format_enumeration(const EnumerationSize& size, const std::vector<RunResult>& results,
                               double seconds) {
  std::set<std::string> programs;
  std::uint64_t executions = 0;
  std::uint64_t redundant = 0;
  std::map<std::string, std::uint64_t> verdicts;
  std::uint64_t exhaustive = 0;
  std::map<Recheck, std::uint64_t> over_growth;
  for (const RunResult& result : results) {
    programs.insert(result.program);
    executions += result.executions;
    redundant += result.redundant;
    ++verdicts[to_string(result.verdict)];
    exhaustive += result.exhaustive ? 1U : 0U;
    auto& greatest = over_growth[result.recheck];
    greatest = std::max(greatest, result.max_over_growth);
  }
  std::string alphabet;
  for (const Op op : size.alphabet) alphabet += (alphabet.empty() ? "" : " ") + to_text(op);
  return fmt::format(
      "Every program of 1 to {} threads with 1 to {} operations each out of {{{}}}, up to the "
      "order "
      "of threads: {} programs.\nOn slabs of capacity 1 to {}, recheck all and new: {} runs, {} "
      "exhaustive; {} inequivalent executions, {} redundant; {:.1f} s.\nHolds {}, violated {}, "
      "inconclusive {}. Greatest over-growth: {} with recheck all, {} with recheck new.\n",
      size.threads, size.ops, alphabet, grouped(programs.size()), size.capacity,
      grouped(results.size()), exhaustive == results.size() ? "all" : grouped(exhaustive),
      grouped(executions), grouped(redundant), seconds, grouped(verdicts["holds"]),
      grouped(verdicts["violated"]), grouped(verdicts["inconclusive"]),
      over_growth[Recheck::kAllSegments], over_growth[Recheck::kNewSegments]);
}

TraceHeading heading_of(const RunResult& result, const std::string& command) {
  const bool minimal = !result.minimal_program.empty();
  return {.program = minimal ? result.minimal_program : result.program,
          .slab = slab_of(result),
          .property = result.property,
          .message = minimal ? result.minimal_message : result.message,
          .replay = replay_command(result, command)};
}

std::string format_violation(const RunResult& result, const std::string& trace,
                             const std::string& command) {
  std::string text = result.verdict == Verdict::kViolated
                         ? fmt::format("\nVIOLATION of {}: {}\n", result.property, result.message)
                         : fmt::format("\nINCONCLUSIVE, {}: {}\n", result.property, result.message);
  if (!result.scenario.empty()) text += fmt::format("scenario  {}\n", result.scenario);
  text += fmt::format("program   {}\nslab      {}\n", result.program, slab_of(result));
  if (!result.minimal_program.empty()) text += format_minimal(result);
  text += "\n" + trace;
  if (!result.replay.empty()) {
    text += fmt::format("\nTo run this execution again:\n  {}\n", replay_command(result, command));
  }
  return text;
}

int exit_code(const std::vector<RunResult>& results) {
  Verdict worst = Verdict::kHolds;
  for (const RunResult& result : results) worst = worse_of(worst, result.verdict);
  switch (worst) {
    case Verdict::kHolds:
      return kExitHolds;
    case Verdict::kViolated:
      return kExitViolated;
    case Verdict::kInconclusive:
    case Verdict::kUnsupported:
      return kExitInconclusive;
  }
  return kExitInconclusive;
}

}  // namespace slabproof::model
