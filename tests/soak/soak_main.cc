#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "tests/soak/soak.h"
#include "tests/soak/subject.h"

int main(int argc, char** argv) {
  slabproof::soak::SoakOptions options;
  options.seed = std::random_device{}();
  bool listing = false;
  CLI::App app{
      "Random programs on the threads of one slab after another, of every configuration, with\n"
      "requests refused, threads that come and go, trims and forks. Exit code: 0 it holds, 1 a\n"
      "violation, 2 usage, 3 interrupted."};
  app.name("soak");
  app.add_option("minutes", options.minutes, "how long")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1e5));
  app.add_option("--seed", options.seed, "repeat the rounds of that seed (default: a fresh one)");
  app.add_option("--rounds", options.rounds, "so many slabs, instead of minutes")
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--first-round", options.first_round, "begin with the round of that number");
  app.add_option("--threads", options.most_threads, "most threads at once")
      ->capture_default_str()
      ->check(CLI::Range(2, 256));
  app.add_option("--kind", options.kind, "the configuration of that name alone");
  app.add_flag("--list", listing, "name the configurations and try none");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (listing) {
    for (const auto& kind : slabproof::soak::kinds()) std::puts(kind.name.c_str());
    return 0;
  }
  return slabproof::soak::run_soak(options);
}
