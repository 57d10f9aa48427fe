#include "model/command/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "model/campaign/build_identity.h"
#include "model/campaign/judged_program.h"
#include "model/campaign/recorded_execution.h"
#include "model/command/options.h"
#include "model/command/terminal_color.h"
#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"

namespace slabproof::model {
namespace {

nlohmann::ordered_json null_if_empty(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
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
  return result.limit.kind == SearchLimit::Kind::kNone ? "stopped" : result.limit.text;
}

constexpr std::size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

Row row_of(const RunResult& result) {
  return {name_of(result.job),
          std::to_string(result.job.program.threads.size()),
          std::string(recheck_name(result.job.slab.recheck_all)),
          std::string(to_text(result.search)),
          std::string(result.memory ? to_text(*result.memory) : "-"),
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
                                                  {"memory", 6, false},
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

std::string slab_of(const SlabSetup& slab) {
  const std::string text =
      fmt::format("capacity {}, recheck {}, {} initial segments", slab.capacity,
                  recheck_name(slab.recheck_all), slab.initial_segments);
  if (slab.family == SlabFamily::kShared) return text;
  return fmt::format("{}, batches of {}, {}", to_text(slab.family), slab.batch, text);
}

std::string replay_command(const RunResult& result, const std::string& command) {
  if (!result.replay) return "";
  return fmt::format("echo '{}' | {} --replay -", to_text(*result.replay), command);
}

/// Nothing for an owner, whose segments are not told.
std::optional<SlotLayout> slots_of(const CheckJob& job) {
  const Setting setting = JudgedProgram(job.slab, job.program).execution().setting();
  if (setting.segment_bytes == 0) return std::nullopt;
  return SlotLayout{setting.capacity, setting.stride, setting.slots_offset};
}

/// What is known of the smaller program that the trace is of.
std::string format_minimal(const MinimalViolation& minimal) {
  std::string text = fmt::format("minimal   {}", to_text(minimal.program));
  if (minimal.preemptions) {
    text += fmt::format("   ({} preemption{}; it fails with no fewer)", *minimal.preemptions,
                        *minimal.preemptions == 1 ? "" : "s");
  }
  return text + fmt::format("\n          {}\n", minimal.message);
}

nlohmann::ordered_json json_of(const RunResult& result) {
  const SlabSetup& slab = result.job.slab;
  nlohmann::ordered_json object = {{"scenario", null_if_empty(result.job.scenario)},
                                   {"program", to_text(result.job.program)},
                                   {"threads", result.job.program.threads.size()},
                                   {"capacity", slab.capacity},
                                   {"initial_segments", slab.initial_segments},
                                   {"recheck", recheck_name(slab.recheck_all)},
                                   {"protection", slab.slot_states ? "slot-states" : "none"},
                                   {"slab", to_text(slab.family)},
                                   {"batch", slab.batch},
                                   {"search", to_text(result.search)},
                                   {"memory", nullptr},
                                   {"symmetry", result.symmetry},
                                   {"executions", result.executions},
                                   {"redundant", result.redundant},
                                   {"states", nullptr},
                                   {"transitions", nullptr},
                                   {"state_bytes", nullptr},
                                   {"exhaustive", result.exhaustive},
                                   {"limit", null_if_empty(result.limit.text)},
                                   {"shard", nullptr},
                                   {"verdict", to_string(result.verdict)},
                                   {"property", null_if_empty(result.property)},
                                   {"message", null_if_empty(result.message)},
                                   {"warnings", result.warnings},
                                   {"max_segments", result.max_segments},
                                   {"max_over_growth", result.max_over_growth},
                                   {"seconds", result.seconds},
                                   {"replay", nullptr},
                                   {"minimal_program", nullptr},
                                   {"minimal_message", nullptr},
                                   {"preemptions", nullptr}};
  if (result.memory) object["memory"] = to_text(*result.memory);
  if (result.shard) {
    object["shard"] = {{"index", result.shard->index}, {"count", result.shard->count}};
  }
  if (result.search == Search::kStates) {
    object["states"] = result.states;
    object["transitions"] = result.transitions;
    object["state_bytes"] = result.state_bytes;
  }
  if (result.replay) object["replay"] = to_text(*result.replay);
  if (result.minimal) {
    object["minimal_program"] = to_text(result.minimal->program);
    object["minimal_message"] = result.minimal->message;
    if (result.minimal->preemptions) object["preemptions"] = *result.minimal->preemptions;
  }
  return object;
}

}  // namespace

std::string name_of(const CheckJob& job) {
  return job.scenario.empty() ? to_text(job.program) : job.scenario;
}

std::string to_json(const std::vector<RunResult>& results) {
  const std::string build = build_identity();
  auto array = nlohmann::ordered_json::array();
  for (const RunResult& result : results) {
    array.push_back(json_of(result));
    array.back()["build"] = build;
  }
  return array.dump(2) + "\n";
}

std::string format_warnings(const RunResult& result) {
  std::string text;
  for (const std::string& warning : result.warnings) {
    text += fmt::format("warning: {}: {}\n", name_of(result.job), warning);
  }
  return text;
}

std::string format_states(const RunResult& result) {
  if (result.search != Search::kStates || result.states == 0) return {};
  constexpr double kMebibyte = 1 << 20;
  return fmt::format("  {} states, {} transitions, {:.1f} MiB\n", grouped(result.states),
                     grouped(result.transitions),
                     static_cast<double>(result.state_bytes) / kMebibyte);
}

ResultTable::ResultTable(std::size_t widest_name, bool has_color)
    : name_width_(std::max(widest_name, kTable.front().width)), has_color_(has_color) {}

std::string ResultTable::header() const {
  Row titles;
  std::ranges::transform(kTable, titles.begin(),
                         [](const Column& column) { return std::string(column.title); });
  return format_row(titles, name_width_);
}

std::string ResultTable::row(const RunResult& result) const {
  Row row = row_of(result);
  // Colours have no width; the verdict is the last column.
  row.back() = colored(row.back(), result.verdict, has_color_);
  return format_row(row, name_width_);
}

std::string format_enumeration(const EnumerationSize& size, const std::vector<RunResult>& results,
                               double seconds) {
  std::set<std::string> programs;
  std::uint64_t executions = 0;
  std::uint64_t redundant = 0;
  std::map<std::string, std::uint64_t> verdicts;
  std::uint64_t exhaustive = 0;
  std::map<bool, std::uint64_t> over_growth;  // by `recheck_all`
  for (const RunResult& result : results) {
    programs.insert(to_text(result.job.program));
    executions += result.executions;
    redundant += result.redundant;
    ++verdicts[to_string(result.verdict)];
    exhaustive += result.exhaustive ? 1U : 0U;
    auto& greatest = over_growth[result.job.slab.recheck_all];
    greatest = std::max(greatest, result.max_over_growth);
  }
  std::string alphabet;
  for (const Op op : size.alphabet) alphabet += (alphabet.empty() ? "" : " ") + to_text(op);
  const std::string slabs = size.family == SlabFamily::kShared
                                ? "slabs of"
                                : fmt::format("slabs of the family {} with batches of {}, of",
                                              to_text(size.family), size.batch);
  return fmt::format(
      "Every program of 1 to {} threads with 1 to {} operations each out of {{{}}}, up to the "
      "order "
      "of threads: {} programs.\nOn {} capacity 1 to {}, recheck {}: {} runs, {} "
      "exhaustive; {} inequivalent executions, {} redundant; {:.1f} s.\nHolds {}, violated {}, "
      "inconclusive {}. Greatest over-growth: {} with recheck all, {} with recheck new.\n",
      size.threads, size.ops, alphabet, grouped(programs.size()), slabs, size.capacity,
      size.family == SlabFamily::kShared ? "all and new" : "all", grouped(results.size()),
      exhaustive == results.size() ? "all" : grouped(exhaustive), grouped(executions),
      grouped(redundant), seconds, grouped(verdicts["holds"]), grouped(verdicts["violated"]),
      grouped(verdicts["inconclusive"]), over_growth[true], over_growth[false]);
}

TraceHeading heading_of(const RunResult& result, const std::string& command) {
  const auto& minimal = result.minimal;
  return {.program = to_text(minimal ? minimal->program : result.job.program),
          .slab = slab_of(result.job.slab),
          .property = result.property,
          .message = minimal ? minimal->message : result.message,
          .replay = replay_command(result, command),
          .slots = slots_of(result.job)};
}

std::string format_violation(const RunResult& result, const std::string& trace,
                             const std::string& command) {
  std::string text = result.verdict != Verdict::kViolated
                         ? fmt::format("\nINCONCLUSIVE, {}: {}\n", result.property, result.message)
                         : fmt::format("\nVIOLATION of {}: {}\n", result.property, result.message);
  if (!result.job.scenario.empty()) text += fmt::format("scenario  {}\n", result.job.scenario);
  text += fmt::format("program   {}\nslab      {}\n", to_text(result.job.program),
                      slab_of(result.job.slab));
  if (result.minimal) text += format_minimal(*result.minimal);
  text += "\n" + trace;
  if (result.replay) {
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
