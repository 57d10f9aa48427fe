#include "tests/properties/property_runner.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <sstream>

namespace slabproof::properties {

int PropertyRunner::exit_code() const {
  if (violated_ > 0) return 1;
  if (checked_ == 0) return 2;
  return inconclusive_ > 0 ? 3 : 0;
}

bool PropertyRunner::begins(const std::string& name) {
  if (!options_.only.empty() && options_.only != name) return false;
  ++checked_;
  if (options_.listing) {
    std::cout << name << "\n";
    return false;
  }
  std::cout << name << ": " << std::flush;
  return true;
}

int PropertyRunner::scaled(int cases) const {
  return std::max(1, static_cast<int>(std::lround(cases * options_.scale)));
}

void PropertyRunner::conclude(const std::string& name, const LastFailure& failure,
                              const rc::detail::TestResult& result) {
  rc::detail::SuccessResult success;
  if (result.match(success)) {
    inputs_ += success.numSuccess;
    std::cout << "holds, " << success.numSuccess << " cases" << std::endl;
    return;
  }
  std::ostringstream explanation;
  rc::detail::printResultMessage(result, explanation);
  rc::detail::GaveUpResult gave_up;
  if (result.match(gave_up)) {
    inputs_ += gave_up.numSuccess;
    ++inconclusive_;
    std::cout << "inconclusive\n" << explanation.str() << std::endl;
    return;
  }
  rc::detail::FailureResult violation;
  if (result.match(violation)) inputs_ += violation.numSuccess + 1;
  ++violated_;
  std::cout << "VIOLATED\n" << explanation.str() << "\n";
  if (failure) {
    std::cout << "minimal case: " << to_json(*failure);
    if (options_.saving) std::cout << save_case(*failure) << "\n";
  }
  std::cout << "repeat with: --seed " << options_.seed << " --only " << name << std::endl;
}

int run_properties(int argc, char** argv, const std::string& description,
                   const std::function<void(PropertyRunner&)>& check_all) {
  RunnerOptions options;
  options.seed = std::random_device{}();
  bool discard = false;
  bool whole = false;
  CLI::App app{description};
  app.add_option("--seed", options.seed, "repeat the run of that seed (default: a fresh one)");
  app.add_option("--scale", options.scale, "try so many times the usual number of cases")
      ->check(CLI::Range(0.001, 1e6));
  app.add_option("--only", options.only, "check the property of that name alone");
  app.add_option("--subject", options.subject, "check the slab of that name alone");
  app.add_flag("--list", options.listing, "name the properties and check none");
  app.add_flag("--no-save", discard, "write no failing case to a file");
  app.add_flag("--no-shrink", whole, "report a failing case as it was found");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.saving = !discard;
  options.shrinking = !whole;
  if (!options.listing) std::cout << "seed " << options.seed << std::endl;
  // rapidcheck says which seed it would use on its own; let it be ours.
  ::setenv("RC_PARAMS", ("seed=" + std::to_string(options.seed)).c_str(), 1);
  PropertyRunner runner(options);
  const auto start = std::chrono::steady_clock::now();
  check_all(runner);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const int code = runner.exit_code();
  if (code == 2) std::cerr << "no property is named \"" << options.only << "\"\n";
  if (!options.listing) {
    std::printf("inputs %lld, %.1f s\n", static_cast<long long>(runner.inputs()), elapsed.count());
  }
  return code;
}

}  // namespace slabproof::properties
