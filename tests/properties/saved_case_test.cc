#include "tests/properties/saved_case.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "model/program/program.h"

namespace slabproof::properties {
namespace {

SavedCase sequential_case() {
  return {.engine = SavedCase::Engine::kSequential,
          .setup = {.subject = "a slab", .capacity = 3, .initial = 2, .granted_initial = 1},
          .operations = {{Operation::Kind::kAllocateBatch, 7}, {Operation::Kind::kFree, 0}},
          .program = {},
          .seed = 5,
          .found = "S4: \"live\" is 2"};
}

SavedCase concurrent_case() {
  SavedCase saved = sequential_case();
  saved.engine = SavedCase::Engine::kConcurrent;
  saved.operations.clear();
  saved.program = model::parse_program("a f | a3 F").value();
  return saved;
}

TEST(SavedCaseTest, ReadsBackAsItWasWritten) {
  for (const SavedCase& saved : {sequential_case(), concurrent_case()}) {
    const auto read = saved_case_from_json(to_json(saved));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, saved);
  }
}

TEST(SavedCaseTest, EveryOperationReadsBackAsItWasWritten) {
  for (int kind = 0; kind <= static_cast<int>(Operation::Kind::kForgeAndAllocate); ++kind) {
    for (const std::uint32_t argument : {0U, 1U, 4294967295U}) {
      const Operation operation{static_cast<Operation::Kind>(kind), argument};
      EXPECT_EQ(parse_operation(to_text(operation)), operation) << to_text(operation);
    }
  }
}

TEST(SavedCaseTest, UnknownOperationIsRefused) {
  for (const char* text : {"", "alocate", "free:", "free:x", "free:-1", "free:4294967296", ":1"}) {
    EXPECT_FALSE(parse_operation(text)) << text;
  }
  EXPECT_FALSE(parse_operations("allocate nonsense"));
}

TEST(SavedCaseTest, DamagedDocumentIsRefusedWithAReason) {
  const std::string good = to_json(concurrent_case());
  const auto damaged = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return saved_case_from_json(text);
  };
  EXPECT_FALSE(saved_case_from_json(""));
  EXPECT_FALSE(saved_case_from_json(good.substr(0, good.size() / 2)));
  EXPECT_FALSE(damaged("\"concurrent\"", "\"psychic\""));
  EXPECT_FALSE(damaged("\"capacity\": 3", "\"capacity\": 0"));
  EXPECT_FALSE(damaged("\"capacity\": 3", "\"capacity\": \"3\""));
  EXPECT_FALSE(damaged("a f | a3 F", "a f | q"));
  EXPECT_FALSE(damaged("\"seed\"", "\"sead\""));
  EXPECT_TRUE(damaged("a f | a3 F", "a f | a2 F"));
}

TEST(SavedCaseTest, SavedFileCanBeReadAndIsNamedInTheMessage) {
  const std::filesystem::path directory = ::testing::TempDir();
  ::setenv("SLABPROOF_REGRESSIONS", directory.c_str(), 1);
  const std::string message = save_case(concurrent_case());
  ::unsetenv("SLABPROOF_REGRESSIONS");
  bool found = false;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".json") continue;
    if (message.find(entry.path().string()) == std::string::npos) continue;
    found = true;
    EXPECT_EQ(read_saved_case(entry.path()), concurrent_case());
  }
  EXPECT_TRUE(found) << message;
}

TEST(SavedCaseTest, UnderBazelRunACaseGoesWhereTheRegressionTestsLook) {
  const std::filesystem::path workspace = std::filesystem::path(::testing::TempDir()) / "workspace";
  const std::filesystem::path directory = workspace / "tests" / "properties" / "regressions";
  std::filesystem::create_directories(directory);
  ::setenv("BUILD_WORKSPACE_DIRECTORY", workspace.c_str(), 1);
  const std::string message = save_case(concurrent_case());
  ::unsetenv("BUILD_WORKSPACE_DIRECTORY");
  EXPECT_EQ(saved_cases(directory, {SavedCase::Engine::kConcurrent}).size(), 1U) << message;
}

TEST(SavedCaseTest, DirectoryThatIsNotThereIsReported) {
  ::setenv("SLABPROOF_REGRESSIONS", "/nowhere/at/all", 1);
  EXPECT_NE(save_case(concurrent_case()).find("could not be written"), std::string::npos);
  ::unsetenv("SLABPROOF_REGRESSIONS");
}

}  // namespace
}  // namespace slabproof::properties
