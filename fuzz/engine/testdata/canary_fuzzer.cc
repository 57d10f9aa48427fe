// A target with a violation in it, which the tests of the replay driver look for.

#include <algorithm>
#include <string>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/engine/records.h"

namespace slabproof::fuzz {
namespace {

constexpr RecordShape kShape = {.header_size = 0, .record_size = 1};
const Landmark kSomething("an input of something");

}  // namespace

/// Violated by a `!` that comes after a `?`.
void run_input(Bytes input) {
  if (!input.empty()) kSomething.reach();
  const auto question = std::ranges::find(input, '?');
  require(std::find(question, input.end(), '!') == input.end(), "S1", "an answer to a question");
}

std::string describe_input(Bytes input) {
  return "text: " + std::string(input.begin(), input.end());
}

Input mutate_input(Bytes input, std::size_t max_size, Random& random) {
  return mutate_records(input, kShape, max_size, random);
}

Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random) {
  return cross_records(first, second, kShape, max_size, random);
}

std::vector<Input> simpler_inputs(Bytes input) {
  return simpler_records(input, kShape);
}

}  // namespace slabproof::fuzz
