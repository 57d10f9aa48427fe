#ifndef SLABPROOF_TESTS_PROPERTIES_PROPERTY_RUNNER_H_
#define SLABPROOF_TESTS_PROPERTIES_PROPERTY_RUNNER_H_

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/properties/saved_case.h"

namespace slabproof::properties {

/// What the command line of a property binary says.
struct RunnerOptions {
  std::uint64_t seed = 0;
  double scale = 1;     ///< how many times the usual number of cases to try
  std::string only;     ///< the one property to check; empty for all
  std::string subject;  ///< the one subject to check; empty for all
  bool saving = true;   ///< whether a failing case is written to a file
  bool shrinking = true;
  bool listing = false;  ///< name the properties and check none
};

/// How much effort a property is worth.
struct Effort {
  int cases = 100;     ///< successful cases that make it hold
  int max_size = 100;  ///< rapidcheck's size of the last case; grows up to it from 0
};

/// The case that failed last. rapidcheck's shrinking tries smaller and smaller cases, and accepts
/// each that still fails: in the end the last one that failed is the one reported.
using LastFailure = std::optional<SavedCase>;

/// Checks properties with rapidcheck, and sees to it that every verdict reaches the exit code:
/// rapidcheck itself only returns a value that is easily dropped.
class PropertyRunner {
 public:
  explicit PropertyRunner(RunnerOptions options) : options_(std::move(options)) {}

  /// Whether the command line asks for this subject: for all, or by its name.
  [[nodiscard]] bool wants(std::string_view subject) const {
    return options_.subject.empty() || options_.subject == subject;
  }

  /// `failure` is filled in by the property. Prints one line, and on failure the minimal case. The
  /// property goes by `name`, with underscores for its spaces.
  template <class Testable>
  void check(std::string name, Effort effort, const LastFailure& failure, Testable&& property) {
    std::ranges::replace(name, ' ', '_');
    if (!begins(name)) return;
    rc::detail::TestParams params;
    params.seed = options_.seed;
    params.maxSuccess = scaled(effort.cases);
    params.maxSize = effort.max_size;
    params.disableShrinking = !options_.shrinking;
    rc::detail::TestMetadata metadata;
    metadata.id = name;
    metadata.description = name;
    conclude(name, failure,
             rc::detail::checkTestable(std::forward<Testable>(property), metadata, params));
  }

  [[nodiscard]] const RunnerOptions& options() const { return options_; }
  /// Cases tried so far, in all properties, those of shrinking left out.
  [[nodiscard]] std::int64_t inputs() const { return inputs_; }

  /// 0 if every property held, 1 if one was violated, 2 if none has the name asked for, 3 if
  /// rapidcheck gave up on one.
  [[nodiscard]] int exit_code() const;

 private:
  [[nodiscard]] bool begins(const std::string& name);
  [[nodiscard]] int scaled(int cases) const;
  void conclude(const std::string& name, const LastFailure& failure,
                const rc::detail::TestResult& result);

  RunnerOptions options_;
  int checked_ = 0;
  std::int64_t inputs_ = 0;
  int violated_ = 0;
  int inconclusive_ = 0;
};

/// A whole `main`: reads the command line, prints the seed, checks, and returns the exit code.
int run_properties(int argc, char** argv, const std::string& description,
                   const std::function<void(PropertyRunner&)>& check_all);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_PROPERTY_RUNNER_H_
