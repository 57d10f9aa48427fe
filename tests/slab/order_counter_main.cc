// order_counter: prints in how many orders the critical sections of a program can run.
// Exit code: 0 counted, 2 usage or bad program, 3 a limit was reached.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "tests/slab/order_counter.h"

int main(int argc, char** argv) {
  namespace model = slabproof::model;
  constexpr int kUsageError = 2;
  constexpr int kLimitReached = 3;
  constexpr std::uint32_t kMaxCapacity = 1'000'000;

  CLI::App app("Counts the orders of critical sections of a program, by brute force.");
  std::string text;
  std::string recheck = "all";
  model::OrderRules rules;
  app.add_option("--program", text, "such as \"a f | a f\"")->required();
  app.add_option("--capacity", rules.capacity, "slots per segment")
      ->check(CLI::Range(1U, kMaxCapacity));
  app.add_option("--recheck", recheck, "where phase 3 looks")
      ->check(CLI::IsMember({"all", "new"}))
      ->capture_default_str();
  app.add_option("--initial", rules.initial_segments, "segments to begin with")
      ->check(CLI::Range(0U, kMaxCapacity));
  app.add_flag("--slot-states", rules.detects_second_free, "the slab detects a second free");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  rules.recheck_all = recheck == "all";

  const auto program = model::parse_program(text);
  if (!program) {
    fmt::print(stderr, "{}\n", program.error().message);
    return kUsageError;
  }
  const auto count = model::count_orders(*program, rules);
  if (!count) {
    fmt::print(stderr, "{}\n", count.error().message);
    return count.error().is_limit ? kLimitReached : kUsageError;
  }
  fmt::print("program          {}\norders           {}\norbits           {}\n",
             model::to_text(*program), count->orders, count->orbits);
  fmt::print("max over-growth  {}\nmax segments     {}\n", count->max_over_growth,
             count->max_segments);
  return 0;
}
