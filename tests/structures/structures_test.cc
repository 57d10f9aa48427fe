// Classic structures, right and with the errors that they are known for, under the reduction on
// Relacy: what it says of each is what the table says, also where that is not the truth.

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

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
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

class StructureTest : public ::testing::TestWithParam<Row> {};

TEST_P(StructureTest, IsJudgedUnderRelacyAsTheTableSays) {
  const std::unique_ptr<model::Execution> execution = program_named(GetParam().program).make();
  model::ExploreOptions options;
  options.trace = false;
  // A search that ends makes fewer than the former; one that does not is not worth more.
  options.iterations = GetParam().relacy.what == kNotFinished ? 1'000 : 30'000;
  const model::ExploreResult result = model::explore(*execution, options);
  const Seen seen = seen_of(result);
  EXPECT_EQ(seen.what, GetParam().relacy.what)
      << (result.violation ? to_text(*result.violation) : "");
  EXPECT_EQ(seen.executions, GetParam().relacy.executions);
}

std::string name_of(const ::testing::TestParamInfo<Row>& info) {
  std::string name(info.param.program);
  std::erase(name, '.');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, StructureTest, ::testing::ValuesIn(kTable), name_of);

}  // namespace
}  // namespace slabproof::structures
