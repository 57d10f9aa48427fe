#include "fuzz/fuzz_target.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace slabproof::fuzz {
namespace {

Bytes current_input;

}  // namespace

void run_and_remember(Bytes input) {
  current_input = input;
  run_input(input);
}

void fail(std::string_view property, std::string_view message) {
  const std::string report = fmt::format("{}{}: {}\n{}\n", kViolationPrefix, property, message,
                                         describe_input(current_input));
  std::fputs(report.c_str(), stderr);
  std::abort();
}

}  // namespace slabproof::fuzz
