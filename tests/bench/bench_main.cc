// Measures one contender with one workload, as Google Benchmark does; tools above it run each in a
// process of its own. Options that are not listed by --help go to Google Benchmark.

#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/malloc_library.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

struct Options {
  std::string contender;
  std::string workload;
  bool list = false;
  bool quick = false;
  std::size_t hits = 0;
};

constexpr Scale kQuick{.pairs = 125'000, .live = 125'000, .bytes = 8'000'000};

void measure(benchmark::State& state, const Case& measured, const Scale& scale) {
  const Round round = measured.start(scale);
  if (!measured.once) round();  // warms up
  std::size_t items = 0;
  for ([[maybe_unused]] const auto _ : state) {
    const Sample sample = round();
    state.SetIterationTime(sample.seconds);
    items += sample.items;
    for (const auto& [name, value] : sample.figures) state.counters[name] = value;
    if (!sample.intact) state.SkipWithError("what was written was not read again");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
}

const Case* find(const std::string& contender, const std::string& workload) {
  for (const Case& known : cases()) {
    if (known.contender == contender && known.workload == workload) return &known;
  }
  return nullptr;
}

int run(const Options& options, std::vector<char*> arguments) {
  if (options.list) {
    for (const Case& known : cases()) {
      std::printf("%s\t%s\n", known.contender.c_str(), known.workload.c_str());
    }
    return 0;
  }
  const Case* const chosen =
      find(options.contender, options.hits != 0 ? kHitsWorkload : options.workload);
  if (chosen == nullptr) {
    std::fputs("bench: no such contender and workload; --list lists them\n", stderr);
    return 2;
  }
  if (options.hits != 0) {
    chosen->start(Scale{.pairs = options.hits})();
    return 0;
  }
  auto count = static_cast<int>(arguments.size());
  benchmark::AddCustomContext("malloc", malloc_library());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  const Scale scale = options.quick ? kQuick : Scale{};
  auto* const registered = benchmark::RegisterBenchmark(
      chosen->workload.c_str(),
      [chosen, &scale](benchmark::State& state) { measure(state, *chosen, scale); });
  registered->UseManualTime();
  if (chosen->once) registered->Iterations(1);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace slabproof::bench

int main(int argc, char** argv) {
  slabproof::bench::Options options;
  CLI::App app("Measures one contender with one workload.");
  app.allow_extras();
  app.add_option("--contender", options.contender, "the allocator");
  app.add_option("--workload", options.workload, "what it has to do");
  app.add_flag("--list", options.list, "prints every contender and workload, separated by a tab");
  app.add_flag("--quick", options.quick, "an eighth of the work");
  app.add_option("--hits", options.hits,
                 "in place of a workload: this many hits, for a program that counts instructions");
  CLI11_PARSE(app, argc, argv);
  std::vector<std::string> extras = app.remaining();
  std::vector<char*> arguments{argv[0]};
  for (std::string& extra : extras) arguments.push_back(extra.data());
  return slabproof::bench::run(options, arguments);
}
