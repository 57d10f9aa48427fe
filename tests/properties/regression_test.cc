// Runs every case of tests/properties/regressions: what once failed must hold now. Each case is a
// test of its own, named by its file.

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tests/properties/concurrent_run.h"
#include "tests/properties/fast_path_run.h"
#include "tests/properties/saved_case.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {
namespace {

constexpr const char* kDirectory = "tests/properties/regressions";
/// Runs of a concurrent case, each with other timing.
constexpr std::uint64_t kRuns = 200;

Complaint run_sequence(const SlabKind& subject, const SavedCase& saved) {
  SlabModel model(subject.traits, saved.setup);
  SequentialRun run(subject, saved.setup);
  if (Complaint complaint = run.judge_construction(model)) return complaint;
  for (const Operation operation : saved.operations) {
    if (!model.allows(operation)) return "the case does not fit the model: " + to_text(operation);
    if (Complaint complaint = run.step(model, operation)) return complaint;
    model.apply(operation);
  }
  return run.finish(model);
}

Complaint run_program(const SlabKind& subject, const SavedCase& saved) {
  for (std::uint64_t i = 0; i < kRuns; ++i) {
    if (subject.traits.family != model::SlabFamily::kShared) {
      if (Complaint complaint =
              run_fast_paths(subject, saved.setup, saved.program, saved.seed + i, i % 2 == 0)) {
        return complaint;
      }
      continue;
    }
    const auto verdict = run_concurrently(subject, saved.setup, saved.program, saved.seed + i);
    if (verdict.complaint) return verdict.complaint;
    if (verdict.inconclusive) return "the linearizability checker gave up";
  }
  return std::nullopt;
}

class RegressionTest : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(RegressionTest, Holds) {
  const auto saved = read_saved_case(GetParam());
  ASSERT_TRUE(saved) << saved.error();
  const SlabKind* const subject = find_subject(saved->setup.subject);
  ASSERT_NE(subject, nullptr) << "there is no slab named " << saved->setup.subject;
  const Complaint complaint = saved->engine == SavedCase::Engine::kSequential
                                  ? run_sequence(*subject, *saved)
                                  : run_program(*subject, *saved);
  EXPECT_FALSE(complaint) << *complaint << "\n" << to_json(*saved);
}

std::vector<std::filesystem::path> cases_to_run() {
  return saved_cases(kDirectory, {SavedCase::Engine::kSequential, SavedCase::Engine::kConcurrent});
}

INSTANTIATE_TEST_SUITE_P(Saved, RegressionTest, ::testing::ValuesIn(cases_to_run()),
                         [](const ::testing::TestParamInfo<std::filesystem::path>& tested) {
                           return test_name_of(tested.param);
                         });

TEST(RegressionDirectoryTest, HasCasesToRun) {
  EXPECT_FALSE(cases_to_run().empty());
}

}  // namespace
}  // namespace slabproof::properties
