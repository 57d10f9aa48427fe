#include "tests/properties/saved_case.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace slabproof::properties {
namespace {

constexpr std::array<const char*, 3> kEngines = {"sequential", "concurrent", "checked"};

const char* environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? nullptr : value;
}

/// Where to put a case, and what its finder should do about it.
std::pair<std::filesystem::path, std::string> destination() {
  if (const char* const chosen = environment_variable("SLABPROOF_REGRESSIONS")) {
    return {chosen, "it is run from there by every regression test of that directory"};
  }
  if (const char* const workspace = environment_variable("BUILD_WORKSPACE_DIRECTORY")) {
    return {std::filesystem::path(workspace) / "tests" / "properties" / "regressions",
            "commit it, and every test run will try it again"};
  }
  const std::string adopt =
      "copy it to tests/properties/regressions, and every test run will try it again";
  if (const char* const outputs = environment_variable("TEST_UNDECLARED_OUTPUTS_DIR")) {
    return {outputs, adopt + " (bazel keeps it in bazel-testlogs, in test.outputs of this test)"};
  }
  return {std::filesystem::current_path(), adopt};
}

std::string parse_body(const nlohmann::json& document, SavedCase& saved) {
  if (saved.engine == SavedCase::Engine::kSequential) {
    const auto operations = parse_operations(document.at("operations").get<std::string>());
    if (!operations) return "the operations cannot be read";
    saved.operations = *operations;
    return {};
  }
  auto program = model::parse_program(document.at("program").get<std::string>());
  if (!program) return "the program cannot be read: " + program.error().message;
  saved.program = std::move(*program);
  return {};
}

}  // namespace

std::string to_json(const SavedCase& saved) {
  nlohmann::ordered_json document;
  document["engine"] = kEngines[static_cast<std::size_t>(saved.engine)];
  document["subject"] = saved.setup.subject;
  document["capacity"] = saved.setup.capacity;
  document["initial"] = saved.setup.initial;
  document["granted_initial"] = saved.setup.granted_initial;
  if (saved.engine == SavedCase::Engine::kSequential) {
    document["operations"] = to_text(saved.operations);
  } else {
    document["program"] = to_text(saved.program);
  }
  document["seed"] = saved.seed;
  document["found"] = saved.found;
  return document.dump(2) + "\n";
}

std::expected<SavedCase, std::string> saved_case_from_json(std::string_view json) {
  try {
    const auto document = nlohmann::json::parse(json);
    SavedCase saved;
    const auto engine = document.at("engine").get<std::string>();
    std::size_t index = 0;
    while (index < kEngines.size() && engine != kEngines[index]) ++index;
    if (index == kEngines.size()) return std::unexpected("there is no engine \"" + engine + "\"");
    saved.engine = static_cast<SavedCase::Engine>(index);
    saved.setup.subject = document.at("subject").get<std::string>();
    saved.setup.capacity = document.at("capacity").get<std::uint32_t>();
    saved.setup.initial = document.at("initial").get<std::uint32_t>();
    saved.setup.granted_initial = document.at("granted_initial").get<std::uint32_t>();
    if (saved.setup.capacity == 0) return std::unexpected("a capacity of 0");
    saved.seed = document.at("seed").get<std::uint64_t>();
    saved.found = document.at("found").get<std::string>();
    if (std::string defect = parse_body(document, saved); !defect.empty()) {
      return std::unexpected(std::move(defect));
    }
    return saved;
  } catch (const nlohmann::json::exception& error) {
    return std::unexpected(std::string(error.what()));
  }
}

std::expected<SavedCase, std::string> read_saved_case(const std::filesystem::path& file) {
  std::error_code ignored;
  std::ifstream stream(file);
  if (!stream || !std::filesystem::is_regular_file(file, ignored))
    return std::unexpected("the file cannot be opened");
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return saved_case_from_json(text);
}

std::vector<std::filesystem::path> saved_cases(const std::filesystem::path& directory,
                                               std::initializer_list<SavedCase::Engine> engines) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".json") continue;
    const auto saved = read_saved_case(entry.path());
    const bool wanted = !saved || std::ranges::find(engines, saved->engine) != engines.end();
    if (wanted) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string test_name_of(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

std::string save_case(const SavedCase& saved) {
  SavedCase nameless = saved;
  nameless.seed = 0;
  const std::string name = std::string(kEngines[static_cast<std::size_t>(saved.engine)]) + "_" +
                           std::to_string(std::hash<std::string>()(to_json(nameless))) + ".json";
  const auto [directory, advice] = destination();
  const std::filesystem::path file = directory / name;
  std::ofstream stream(file);
  stream << to_json(saved);
  stream.close();
  if (!stream) return "the failing case could not be written to " + file.string();
  return "the failing case is in " + file.string() + "; " + advice;
}

}  // namespace slabproof::properties
