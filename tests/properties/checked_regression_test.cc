// Runs every case of tests/properties/regressions that the model checker found, or that it can run:
// programs that once failed on real threads are explored here as well, where a race cannot hide.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/properties/checked_run.h"
#include "tests/properties/saved_case.h"

namespace slabproof::properties {
namespace {

constexpr const char* kDirectory = "tests/properties/regressions";

class CheckedRegressionTest : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(CheckedRegressionTest, Holds) {
  auto saved = read_saved_case(GetParam());
  ASSERT_TRUE(saved) << saved.error();
  if (saved->engine == SavedCase::Engine::kConcurrent) {
    const bool all = saved->setup.subject.starts_with("growable all");
    saved->setup.subject = all ? "checked all" : "checked new";
  }
  ASSERT_TRUE(checked_setup(saved->setup.subject)) << saved->setup.subject;
  const auto verdict = check_program(saved->setup, saved->program, {.executions = 50'000});
  EXPECT_FALSE(verdict.complaint) << *verdict.complaint << "\n" << to_json(*saved);
  EXPECT_FALSE(verdict.inconclusive);
}

INSTANTIATE_TEST_SUITE_P(Saved, CheckedRegressionTest,
                         ::testing::ValuesIn(saved_cases(kDirectory,
                                                         {SavedCase::Engine::kConcurrent,
                                                          SavedCase::Engine::kChecked})),
                         [](const ::testing::TestParamInfo<std::filesystem::path>& tested) {
                           return test_name_of(tested.param);
                         });

}  // namespace
}  // namespace slabproof::properties
