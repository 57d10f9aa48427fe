#include "fuzz/schedule/schedule_input.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "model/program/fit.h"
#include "model/program/shrink.h"

namespace slabproof::fuzz {
namespace {

using model::Op;
using Ops = std::vector<Op>;

/// Whether nothing that this thread freed is live afterwards, even if it holds nothing.
bool frees_newest(Op op) {
  return op.kind == Op::Kind::kFreeAll ||
         (op.kind == Op::Kind::kFree && op.argument == Op::kNewest);
}

/// A second free breaks the contract where the block may have gone out again, or where a slab
/// without a record of each slot cannot see it. Left are those right after the first free, in a
/// program of one thread that gives nothing away; the others become questions.
void confine_second_frees(model::Program& program) {
  bool may_be_live = program.threads.size() > 1;
  for (Ops& ops : program.threads) {
    for (Op& op : ops) {
      may_be_live |= op.kind == Op::Kind::kGive;
      const bool just_freed = &op != ops.data() && frees_newest(*(&op - 1));
      if (op.kind == Op::Kind::kFreeAgain && (may_be_live || !just_freed)) {
        op = {Op::Kind::kStats, 0};
      }
    }
  }
}

unsigned confined_argument(Op op, std::size_t threads) {
  switch (model::traits_of(op).argument) {
    case model::Argument::kBlocks:
      return 1U + (op.argument - 1U) % ScheduleInput::kMaxBatch;
    case model::Argument::kPosition:
      return op.argument == Op::kNewest ? op.argument : op.argument % 4U;
    case model::Argument::kThread:
      return op.argument % static_cast<unsigned>(threads);
    case model::Argument::kNone:
      break;
  }
  return op.argument;
}

/// Makes any program one of those that are fuzzed on such a slab.
void confine(model::Program& program, const model::SlabSetup& slab) {
  if (program.threads.size() > ScheduleInput::kMaxThreads) {
    program.threads.resize(ScheduleInput::kMaxThreads);
  }
  for (Ops& ops : program.threads) {
    if (ops.size() > ScheduleInput::kMaxOps) ops.resize(ScheduleInput::kMaxOps);
    for (Op& op : ops) {
      op.argument = static_cast<std::uint8_t>(confined_argument(op, program.threads.size()));
    }
  }
  confine_second_frees(program);
  program = fitted(std::move(program), slab.family);
}

/// The families but the shared slab.
constexpr unsigned kFamilies = model::kFamilyNames.size() - 1;
constexpr unsigned kNotShared = 128;

void set_family(model::SlabSetup& slab, unsigned byte) {
  slab.family = static_cast<model::SlabFamily>(1 + (byte & 3U) % kFamilies);
  slab.batch = 1 + (byte >> 2 & 1U);
  slab.recheck_all = true;
  slab.slot_states = false;
}
unsigned family_byte(const model::SlabSetup& slab) {
  return (static_cast<unsigned>(slab.family) - 1) | (slab.batch - 1) << 2;
}

unsigned random_argument(model::Argument argument, Random& random) {
  constexpr std::array<unsigned, 5> kBatches = {1, 1, 1, 2, 3};
  switch (argument) {
    case model::Argument::kBlocks:
      return kBatches[random.below(kBatches.size())];
    case model::Argument::kPosition:
      return random.below(4) == 0 ? 0 : Op::kNewest;
    case model::Argument::kThread:
      return static_cast<unsigned>(random.below(ScheduleInput::kMaxThreads));
    case model::Argument::kNone:
      break;
  }
  return 0;
}

Op random_op(Random& random) {
  const Op::Kind kind = model::kWeightedKinds[random.below(model::kWeightedKinds.size())];
  const unsigned argument = random_argument(model::traits_of(kind).argument, random);
  return {kind, static_cast<std::uint8_t>(argument)};
}

void edit_program(ScheduleInput& input, Random& random) {
  model::Program& program = input.program;
  Ops& ops = program.threads[random.below(program.threads.size())];
  const std::size_t place = random.below(ops.size());
  const auto at = ops.begin() + static_cast<std::ptrdiff_t>(place);
  switch (random.below(7)) {
    case 0:
    case 1:
      ops.insert(at + static_cast<std::ptrdiff_t>(random.below(2)), random_op(random));
      break;
    case 2:
      if (ops.size() > 1) ops.erase(at);
      break;
    case 3:
      *at = random_op(random);
      break;
    case 4:
      std::swap(*at, ops[random.below(ops.size())]);
      break;
    case 5:  // one more thread, which does what another does
      program.threads.push_back(program.threads[random.below(program.threads.size())]);
      break;
    default:
      if (program.threads.size() > 1) {
        program.threads.erase(program.threads.begin() +
                              static_cast<std::ptrdiff_t>(random.below(program.threads.size())));
      }
  }
  confine(program, input.slab);
}

void edit_choices(Input& choices, Random& random) {
  // A choice is taken modulo the number of alternatives, of which there are at most a few.
  constexpr std::size_t kAlternatives = 12;
  const auto choice = static_cast<std::uint8_t>(random.below(kAlternatives));
  const std::size_t place = random.between(0, choices.size());
  const auto at = choices.begin() + static_cast<std::ptrdiff_t>(place);
  switch (random.below(4)) {
    case 0:
      choices.insert(at, choice);
      break;
    case 1:  // go on with one thread for a while
      choices.insert(at, random.between(2, 8), choice);
      break;
    case 2:
      if (at != choices.end()) *at = choice;
      break;
    default:
      if (at != choices.end()) choices.erase(at);
  }
}

void edit_slab(ScheduleInput& input, Random& random) {
  model::SlabSetup& slab = input.slab;
  const bool is_shared = slab.family == model::SlabFamily::kShared;
  switch (random.below(5)) {
    case 0:
      if (is_shared) slab.recheck_all = !slab.recheck_all;
      break;
    case 1:
      if (is_shared) slab.slot_states = !slab.slot_states;
      break;
    case 2:
      slab.capacity = static_cast<std::uint32_t>(random.between(1, 4));
      break;
    case 3:
      if (random.below(kFamilies + 1) == 0) {
        slab.family = model::SlabFamily::kShared;
        slab.batch = 1;
      } else {
        set_family(slab, static_cast<unsigned>(random.below(8)));
      }
      confine(input.program, slab);
      break;
    default:
      slab.initial_segments = static_cast<std::uint32_t>(random.below(4));
  }
}

}  // namespace

ScheduleInput schedule_input_from_bytes(Bytes input) {
  const std::uint8_t flags = input.empty() ? std::uint8_t{0} : input[0];
  input = input.subspan(std::min<std::size_t>(1, input.size()));
  const auto next = [&input]() -> std::uint8_t {
    if (input.empty()) return 0;
    const std::uint8_t byte = input[0];
    input = input.subspan(1);
    return byte;
  };
  ScheduleInput result;
  result.slab = {.capacity = 1 + (flags >> 2 & 3U),
                 .initial_segments = flags >> 4 & 3U,
                 .recheck_all = (flags & 1U) == 0,
                 .slot_states = (flags & 2U) != 0};
  if ((flags & kNotShared) != 0) set_family(result.slab, next());
  result.alone = (flags & 64U) != 0;
  const std::size_t wanted = next();
  const std::size_t program_size = std::min(wanted, input.size());
  result.program = model::program_from_bytes(input.first(program_size));
  confine(result.program, result.slab);
  const Bytes choices = input.subspan(program_size);
  result.choices.assign(choices.begin(), choices.end());
  return result;
}

Input to_bytes(const ScheduleInput& input) {
  const Input program = model::to_bytes(input.program);
  const model::SlabSetup& slab = input.slab;
  const unsigned flags = (slab.recheck_all ? 0U : 1U) | (slab.slot_states ? 2U : 0U) |
                         (slab.capacity - 1) << 2 | slab.initial_segments << 4 |
                         (input.alone ? 64U : 0U);
  const bool is_shared = slab.family == model::SlabFamily::kShared;
  Input bytes = {static_cast<std::uint8_t>(flags | (is_shared ? 0U : kNotShared))};
  if (!is_shared) bytes.push_back(static_cast<std::uint8_t>(family_byte(slab)));
  bytes.push_back(static_cast<std::uint8_t>(program.size()));
  bytes.insert(bytes.end(), program.begin(), program.end());
  bytes.insert(bytes.end(), input.choices.begin(), input.choices.end());
  return bytes;
}

ScheduleInput mutate(ScheduleInput input, Random& random) {
  const std::size_t edits = random.between(1, 4);
  for (std::size_t i = 0; i < edits; ++i) {
    switch (random.below(8)) {
      case 0:
      case 1:
        edit_program(input, random);
        break;
      case 2:
        edit_slab(input, random);
        break;
      default:
        edit_choices(input.choices, random);
    }
  }
  return input;
}

ScheduleInput cross(const ScheduleInput& first, const ScheduleInput& second, Random& random) {
  ScheduleInput result = first;
  if (random.below(2) == 0) {
    auto& threads = result.program.threads;
    threads[random.below(threads.size())] =
        second.program.threads[random.below(second.program.threads.size())];
    confine(result.program, result.slab);
  }
  const std::size_t kept = random.between(0, first.choices.size());
  result.choices.resize(kept);
  const std::size_t from = std::min(kept, second.choices.size());
  result.choices.insert(result.choices.end(),
                        second.choices.begin() + static_cast<std::ptrdiff_t>(from),
                        second.choices.end());
  return result;
}

std::vector<ScheduleInput> simpler(const ScheduleInput& input) {
  std::vector<ScheduleInput> results;
  const auto& threads = input.program.threads;
  for (std::size_t thread = 0; threads.size() > 1 && thread < threads.size(); ++thread) {
    results.push_back(input);
    results.back().program.threads = model::without(threads, {thread, thread + 1});
    confine(results.back().program, input.slab);
  }
  for (std::size_t thread = 0; thread < threads.size(); ++thread) {
    for (std::size_t op = 0; threads[thread].size() > 1 && op < threads[thread].size(); ++op) {
      results.push_back(input);
      results.back().program.threads[thread] = model::without(threads[thread], {op, op + 1});
    }
    for (std::size_t op = 0; op < threads[thread].size(); ++op) {
      if (model::blocks_asked_for(threads[thread][op]) < 2) continue;
      results.push_back(input);
      --results.back().program.threads[thread][op].argument;
    }
  }
  for (const model::Stretch stretch : model::stretches_to_leave_out(input.choices.size())) {
    results.push_back(input);
    results.back().choices = model::without(input.choices, stretch);
  }
  for (std::size_t i = 0; i < input.choices.size(); ++i) {
    if (input.choices[i] == 0) continue;
    results.push_back(input);
    results.back().choices[i] = 0;
  }
  const auto simplify = [&](auto model::SlabSetup::* member) {
    constexpr model::SlabSetup kSimplest;
    if (input.slab.*member == kSimplest.*member) return;
    results.push_back(input);
    results.back().slab.*member = kSimplest.*member;
  };
  simplify(&model::SlabSetup::initial_segments);
  simplify(&model::SlabSetup::capacity);
  simplify(&model::SlabSetup::slot_states);
  simplify(&model::SlabSetup::recheck_all);
  simplify(&model::SlabSetup::batch);
  if (input.slab.batch == 1) simplify(&model::SlabSetup::family);
  return results;
}

}  // namespace slabproof::fuzz
