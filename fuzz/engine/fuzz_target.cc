#include "fuzz/engine/fuzz_target.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace slabproof::fuzz {
namespace {

Bytes current_input;
std::uint64_t executions_so_far = 0;

}  // namespace

void run_and_remember(Bytes input) {
  current_input = input;
  ++executions_so_far;
  run_input(input);
}

void count_executions(std::uint64_t executions) noexcept {
  executions_so_far += executions - 1;
}

std::uint64_t executions() noexcept {
  return executions_so_far;
}

void fail(std::string_view property, std::string_view message) {
  const std::string report =
      fmt::format("{}{}: {}\nafter {} executions\n{}\n", kViolationPrefix, property, message,
                  executions_so_far, describe_input(current_input));
  std::fputs(report.c_str(), stderr);
  std::abort();
}

}  // namespace slabproof::fuzz
