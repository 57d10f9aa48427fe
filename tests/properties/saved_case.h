#ifndef SLABPROOF_TESTS_PROPERTIES_SAVED_CASE_H_
#define SLABPROOF_TESTS_PROPERTIES_SAVED_CASE_H_

#include <cstdint>
#include <expected>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/program/program.h"
#include "tests/properties/operation.h"
#include "tests/properties/slab_model.h"

namespace slabproof::properties {

/// A failing input of a property, as a JSON document. `tests/properties/regressions` keeps them.
struct SavedCase {
  enum class Engine : std::uint8_t {
    kSequential,  ///< `operations` on one thread
    kConcurrent,  ///< `program` on real threads
    kChecked,     ///< `program` under the model checker
  };
  Engine engine = Engine::kSequential;
  Setup setup;
  std::vector<Operation> operations;
  model::Program program;
  std::uint64_t seed = 0;  ///< of the run that found it
  std::string found;       ///< what went wrong when it was saved

  friend bool operator==(const SavedCase&, const SavedCase&) = default;
};

[[nodiscard]] std::string to_json(const SavedCase& saved);
/// The error is a sentence that says what is wrong with the document.
[[nodiscard]] std::expected<SavedCase, std::string> saved_case_from_json(std::string_view json);
[[nodiscard]] std::expected<SavedCase, std::string> read_saved_case(
    const std::filesystem::path& file);

/// The cases of a directory that `engine`, or one of several, is to run. A file that cannot be read
/// is among them, so that the test that runs it says so.
[[nodiscard]] std::vector<std::filesystem::path> saved_cases(
    const std::filesystem::path& directory, std::initializer_list<SavedCase::Engine> engines);

/// The name of a test that runs the case of a file.
[[nodiscard]] std::string test_name_of(const std::filesystem::path& file);

/// Writes a case under a name made from its contents, and returns the sentence that says where it
/// is and how to keep it. Under `bazel run` that is tests/properties/regressions of the source
/// tree; under `bazel test` the test's undeclared outputs; else what SLABPROOF_REGRESSIONS names,
/// or the working directory.
[[nodiscard]] std::string save_case(const SavedCase& saved);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SAVED_CASE_H_
