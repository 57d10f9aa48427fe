// Runs every case of tests/regressions that the model checker found, or that it can run: programs
// that once failed on real threads are explored here as well, where a race cannot hide.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/properties/checked_run.h"
#include "tests/properties/saved_case.h"

namespace slabproof::properties {
namespace {

constexpr const char* kDirectory = "tests/regressions";

std::vector<std::filesystem::path> saved_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class CheckedRegressionTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(CheckedRegressionTest, Holds) {
  auto saved = read_saved_case(GetParam());
  ASSERT_TRUE(saved) << saved.error();
  if (saved->engine == SavedCase::Engine::kSequential) GTEST_SKIP() << "run by regression_test";
  if (saved->engine == SavedCase::Engine::kConcurrent) {
    const bool all = saved->setup.subject.starts_with("growable all");
    saved->setup.subject = all ? "checked all" : "checked new";
  }
  ASSERT_TRUE(is_checked_subject(saved->setup.subject)) << saved->setup.subject;
  const auto verdict = check_program(saved->setup, saved->program, {.executions = 50'000});
  EXPECT_FALSE(verdict.complaint) << *verdict.complaint << "\n" << to_json(*saved);
  EXPECT_FALSE(verdict.inconclusive);
}

INSTANTIATE_TEST_SUITE_P(Saved, CheckedRegressionTest, testing::ValuesIn(saved_files()),
                         [](const testing::TestParamInfo<std::filesystem::path>& tested) {
                           std::string name = tested.param.stem().string();
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace slabproof::properties
