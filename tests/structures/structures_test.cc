// Classic structures, right and with the errors that they are known for, under both engines: what
// each says of a program is what the table says. For Relacy, that is not always the truth.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph/graph_explore.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"
#include "tests/structures/programs.h"
#include "tests/structures/table.h"

namespace slabproof::structures {

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.program;
}

namespace {

Seen::What what_of(const model::Failure& failure) {
  using model::Defect;
  switch (failure.defect) {
    case Defect::kDataRace:
      return kRace;
    case Defect::kUseAfterFree:
      return kUseAfterFree;
    case Defect::kDeadlock:
    case Defect::kLivelock:
      return kWaits;
    case Defect::kReported:
      return kComplaint;
    case Defect::kUnsupported:
      return kRefused;
    default:
      throw std::logic_error(to_text(failure));
  }
}

Seen seen_of(const model::ExploreResult& result) {
  if (result.violation) return {what_of(*result.violation)};
  if (!result.exhaustive) return {kNotFinished};
  return {kHolds, result.executions};
}

const Program& program_named(std::string_view name) {
  static const std::vector<Program> all = programs<model::RelacySync>();
  const auto found = std::ranges::find(all, name, &Program::name);
  if (found == all.end()) throw std::logic_error("no program " + std::string(name));
  return *found;
}

TEST(Structures, EachProgramHasARow) {
  const std::vector<Program> all = programs<model::RelacySync>();
  ASSERT_EQ(all.size(), std::size(kTable));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].name, kTable[i].program);
}

// A search that ends makes fewer than the former; one that does not is not worth more.
model::ExploreOptions options_for(model::Search search, const Seen& expected) {
  model::ExploreOptions options;
  options.search = search;
  options.trace = false;
  options.iterations = expected.what == kNotFinished ? 1'000 : 30'000;
  return options;
}

void expect_seen(const model::ExploreResult& result, const Seen& expected) {
  const Seen seen = seen_of(result);
  EXPECT_EQ(seen.what, expected.what) << (result.violation ? to_text(*result.violation) : "");
  if (expected.executions != 0) {
    EXPECT_EQ(seen.executions, expected.executions);
  }
}

class StructureTest : public ::testing::TestWithParam<Row> {};

TEST_P(StructureTest, IsJudgedUnderRelacyAsTheTableSays) {
  const std::unique_ptr<model::Execution> execution = program_named(GetParam().program).make();
  const model::ExploreResult result =
      model::explore(*execution, options_for(model::Search::kDpor, GetParam().relacy));
  expect_seen(result, GetParam().relacy);
}

// Where that search ends, what it says is the truth, at no more executions than elsewhere.
TEST_P(StructureTest, IsJudgedByItsGraphsAsTheTableSays) {
  const Row& row = GetParam();
  const std::unique_ptr<model::Execution> execution = program_named(row.program).make();
  model::ExploreOptions options = options_for(model::Search::kGraph, row.graphs);
  for (const auto memory_model : {model::MemoryModel::kCpp20, model::MemoryModel::kRc11}) {
    options.run.memory_model = memory_model;
    const model::ExploreResult result =
        model::explore(*execution, &model::graph::graph_runner, options);
    expect_seen(result, row.graphs);
    if (row.graphs.what == kNotFinished) continue;
    EXPECT_EQ(!result.violation, row.truth == kRight);
    if (row.genmc != 0) {
      EXPECT_LE(result.executions, row.genmc);
    }
  }
}

// No deleted node is read before one has come back: so it is the reuse of memory that finds the
// error.
TEST(Structures, ErrorOfMemoryThatComesBackIsNotSeenWhereAllMemoryIsFresh) {
  constexpr std::string_view kAba = "CountedStack.CountsUntilLinkIsRead";
  const std::unique_ptr<model::Execution> execution = program_named(kAba).make();
  model::ExploreOptions options = options_for(model::Search::kGraph, {kHolds});
  options.run.reuse_memory = false;
  EXPECT_EQ(seen_of(model::explore(*execution, &model::graph::graph_runner, options)).what, kHolds);
}

std::string name_of(const ::testing::TestParamInfo<Row>& info) {
  std::string name(info.param.program);
  std::erase(name, '.');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, StructureTest, ::testing::ValuesIn(kTable), name_of);

}  // namespace
}  // namespace slabproof::structures
