// Runs, shows or minimises inputs of a fuzz target without libFuzzer, so that a corpus is a test
// under any compiler.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/engine/minimizer.h"

namespace {

using slabproof::fuzz::Input;

Input read_input(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Input input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof()) throw std::runtime_error("cannot read " + path.string());
  return input;
}

/// The files named, and those of the directories named, in order of name.
std::vector<std::filesystem::path> files_of(const std::vector<std::string>& arguments) {
  std::vector<std::filesystem::path> files;
  for (const std::string& argument : arguments) {
    if (!std::filesystem::is_directory(argument)) {
      files.emplace_back(argument);
      continue;
    }
    const auto first = static_cast<std::ptrdiff_t>(files.size());
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin() + first, files.end());
  }
  return files;
}

/// One row of the table of a corpus: the input and what it reaches.
void print_row(const std::filesystem::path& path, const Input& input) {
  slabproof::fuzz::forget_landmarks();
  slabproof::fuzz::run_and_remember(input);
  std::string reached;
  for (const std::string& name : slabproof::fuzz::reached_landmarks()) {
    reached += (reached.empty() ? "" : "; ") + name;
  }
  std::printf("| `%s` | %zu | %s |\n", path.filename().c_str(), input.size(), reached.c_str());
}

int minimize(const Input& input, const std::string& output) {
  const auto result = slabproof::fuzz::minimize(input);
  if (!result) {
    std::fputs("the input runs without a violation: nothing to minimise\n", stderr);
    return 2;
  }
  std::ofstream file(output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(result->input.data()),
             static_cast<std::streamsize>(result->input.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + output);
  std::printf("%s\n%zu bytes before, %zu after %zu tries: %s\n%s\n", result->signature.c_str(),
              input.size(), result->input.size(), result->tries, output.c_str(),
              slabproof::fuzz::describe_input(result->input).c_str());
  return 0;
}

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  bool show = false;
  bool table = false;
};

void run(const Options& options) {
  const auto files = files_of(options.inputs);
  if (files.empty()) throw std::runtime_error("there is no input in the directories named");
  for (const auto& path : files) {
    const Input input = read_input(path);
    if (options.show) {
      std::printf("%s\n", slabproof::fuzz::describe_input(input).c_str());
    } else if (options.table) {
      print_row(path, input);
    } else {
      // The last name printed is that of the input which crashed.
      std::printf("%s\n", path.c_str());
      std::fflush(stdout);
      slabproof::fuzz::run_and_remember(input);
    }
  }
  if (!options.show && !options.table) std::printf("%zu inputs hold\n", files.size());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs inputs of a fuzz target. A violation aborts, after a message on stderr.");
  app.add_option("input", options.inputs, "files, or directories of files")
      ->required()
      ->check(CLI::ExistingPath);
  const auto show = app.add_flag("--show", options.show, "print the inputs, run nothing");
  const auto table = app.add_flag("--table", options.table, "print what each input reaches");
  app.add_option("--minimize", options.output, "write the simplest input that fails the same way")
      ->excludes(show)
      ->excludes(table);
  try {
    app.parse(argc, argv);
    if (options.output.empty()) {
      run(options);
      return 0;
    }
    if (options.inputs.size() != 1 || std::filesystem::is_directory(options.inputs[0])) {
      throw std::runtime_error("--minimize takes one file");
    }
    return minimize(read_input(options.inputs[0]), options.output);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
