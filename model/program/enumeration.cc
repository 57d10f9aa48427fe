#include "model/program/enumeration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "model/program/fit.h"

namespace slabproof::model {
namespace {

constexpr std::uint32_t kMaxCapacity = 8;

std::expected<std::uint32_t, std::string> parse_number(std::string_view name, std::string_view text,
                                                       std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
    return std::unexpected(
        fmt::format("\"{}\" must be a number from 1 to {}, not \"{}\"", name, most, text));
  }
  return number;
}

std::expected<std::vector<Op>, std::string> parse_alphabet(std::string_view text) {
  const auto program = parse_program(text);
  if (!program) return std::unexpected("the alphabet: " + program.error().message);
  if (program->threads.size() != 1 || program->threads.front().empty()) {
    return std::unexpected("the alphabet must be one list of operations, such as \"a f\"");
  }
  std::vector<Op> alphabet;
  for (const Op op : program->threads.front()) {
    if (traits_of(op).effect == Effect::kGift) {
      return std::unexpected("the alphabet cannot hold g or t: they name threads");
    }
    if (std::ranges::find(alphabet, op) == alphabet.end()) alphabet.push_back(op);
  }
  return alphabet;
}

/// What a thread holds after a sequence of operations, as far as the sequence alone tells.
struct ThreadState {
  std::uint32_t held = 0;
  bool freed = false;
  bool allocated = false;
  bool failing = false;  ///< the last operation was `!`
};

/// Whether an operation that needs this may find it.
bool may_find(const ThreadState& state, Needs needs) {
  switch (needs) {
    case Needs::kHeldBlock:
    case Needs::kSeenBlock:
      return state.allocated;
    case Needs::kFreedBlock:
      return state.freed;
    case Needs::kNothing:
    case Needs::kGift:
      return true;
  }
  return true;
}

/// The state after a free, or nothing where it would only be another spelling of `f`.
std::optional<ThreadState> after_free(ThreadState state, Op op) {
  const bool of_one = traits_of(op).argument == Argument::kPosition;
  if (state.held < (of_one ? 1U : 2U)) return std::nullopt;
  if (of_one && op.argument != Op::kNewest && op.argument + 1U >= state.held) return std::nullopt;
  state.held = of_one ? state.held - 1 : 0;
  state.freed = true;
  return state;
}

/// The state after `op`, or nothing where `op` would find nothing to act on, or would only be
/// another spelling.
std::optional<ThreadState> after(ThreadState state, Op op) {
  const OperationTraits& traits = traits_of(op);
  if (state.failing && !allocates(op)) return std::nullopt;
  if (!may_find(state, traits.needs)) return std::nullopt;
  state.failing = traits.effect == Effect::kRefusal;
  if (traits.effect == Effect::kFree) return after_free(state, op);
  state.held += blocks_asked_for(op);
  state.allocated |= allocates(op);
  return state;
}

/// Gives up when there are more than `kMostRuns`.
void extend(std::uint32_t ops, const std::vector<Op>& alphabet, ThreadState state,
            std::vector<Op>& body, std::vector<std::vector<Op>>& bodies) {
  if (!body.empty() && !state.failing) bodies.push_back(body);
  if (body.size() == ops || bodies.size() > kMostRuns) return;
  for (const Op op : alphabet) {
    const auto next = after(state, op);
    if (!next) continue;
    body.push_back(op);
    extend(ops, alphabet, *next, body, bodies);
    body.pop_back();
  }
}

/// The number of jobs, but for those that do not fit the slab; a floating one, as it may be huge.
double count_jobs(const EnumerationSize& size) {
  const auto bodies = static_cast<double>(thread_bodies(size.ops, size.alphabet).size());
  double programs = 0;
  double of_so_many_threads = 1;
  for (std::uint32_t threads = 1; threads <= size.threads; ++threads) {
    of_so_many_threads *= (bodies + threads - 1) / threads;
    programs += of_so_many_threads;
  }
  constexpr int kScopes = 2;
  return programs * size.capacity * kScopes;
}

/// Adds every multiset of `more` further threads out of bodies[first...].
void add_threads(std::uint32_t more, std::size_t first, const std::vector<std::vector<Op>>& bodies,
                 Program& program, std::vector<Program>& programs) {
  if (!program.threads.empty()) programs.push_back(program);
  if (more == 0) return;
  for (std::size_t i = first; i < bodies.size(); ++i) {
    program.threads.push_back(bodies[i]);
    add_threads(more - 1, i, bodies, program, programs);
    program.threads.pop_back();
  }
}

}  // namespace

std::expected<EnumerationSize, std::string> parse_enumeration(std::string_view size,
                                                              std::string_view alphabet) {
  EnumerationSize parsed;
  struct Part {
    std::string_view name;
    std::uint32_t* value;
    std::uint32_t most;
  };
  const std::array<Part, 3> parts = {{{"threads", &parsed.threads, kMaxThreads},
                                      {"ops", &parsed.ops, kMaxOpsPerThread},
                                      {"capacity", &parsed.capacity, kMaxCapacity}}};
  for (std::size_t begin = 0; begin <= size.size();) {
    const std::size_t end = std::min(size.find(',', begin), size.size());
    const std::string_view word = size.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = word.find('=');
    const auto part = std::ranges::find(parts, word.substr(0, equals), &Part::name);
    if (equals == std::string_view::npos || part == parts.end() || *part->value != 0) {
      return std::unexpected(
          fmt::format("\"{}\" is not one of threads=T, ops=N, capacity=C, each once", word));
    }
    const auto number = parse_number(part->name, word.substr(equals + 1), part->most);
    if (!number) return std::unexpected(number.error());
    *part->value = *number;
  }
  for (const Part& part : parts) {
    if (*part.value == 0) return std::unexpected(fmt::format("\"{}=\" is missing", part.name));
  }
  auto operations = parse_alphabet(alphabet);
  if (!operations) return std::unexpected(operations.error());
  parsed.alphabet = std::move(*operations);
  if (count_jobs(parsed) > static_cast<double>(kMostRuns)) {
    return std::unexpected(
        fmt::format("\"{}\" has more than {} runs; ask for fewer threads, operations or capacities",
                    size, kMostRuns));
  }
  return parsed;
}

std::vector<std::vector<Op>> thread_bodies(std::uint32_t ops, const std::vector<Op>& alphabet) {
  std::vector<std::vector<Op>> bodies;
  std::vector<Op> body;
  extend(ops, alphabet, ThreadState{}, body, bodies);
  return bodies;
}

std::vector<CheckJob> enumerate_jobs(const EnumerationSize& size) {
  const auto bodies = thread_bodies(size.ops, size.alphabet);
  std::vector<Program> programs;
  Program program;
  add_threads(size.threads, 0, bodies, program, programs);
  std::ranges::sort(programs, {},
                    [](const Program& each) { return std::pair(weight_of(each), to_text(each)); });

  std::vector<CheckJob> jobs;
  for (const Program& each : programs) {
    for (std::uint32_t capacity = 1; capacity <= size.capacity; ++capacity) {
      for (const bool recheck_all : {true, false}) {
        const SlabSetup slab = {.capacity = capacity,
                                .recheck_all = recheck_all,
                                .slot_states = frees_again(each),
                                .family = size.family,
                                .batch = size.batch};
        if (!misfit_of(each, slab)) jobs.push_back({.scenario = "", .program = each, .slab = slab});
      }
    }
  }
  return jobs;
}

double weight_of(const Program& program) {
  double weight = 1;
  double placed = 0;
  for (const std::vector<Op>& thread : program.threads) {
    double own = 0;
    for (const Op op : thread) {
      const Effect effect = traits_of(op).effect;
      const int acquisitions = effect == Effect::kAllocate ? 2 : effect == Effect::kRefusal ? 0 : 1;
      for (int i = 0; i < acquisitions; ++i) weight *= ++placed / ++own;
    }
  }
  return weight;
}

}  // namespace slabproof::model
