#include "tests/properties/program_generator.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <utility>

#include "model/program/shrink.h"

namespace slabproof::properties {
namespace {

using model::Argument;
using model::Effect;
using model::Needs;
using model::Op;
using model::Program;
using Kind = model::Op::Kind;
using Thread = std::vector<Op>;

bool gives_to(const Thread& thread, std::size_t receiver) {
  return std::ranges::any_of(
      thread, [receiver](Op op) { return op.kind == Kind::kGive && op.argument == receiver; });
}

/// The operations of thread `index` that can find something to act on, if every allocation serves
/// in full and every gift arrives in time.
Thread without_idle(const Thread& thread, std::size_t index, bool given_to) {
  Thread useful;
  std::size_t held = 0;
  bool freed = false;
  const auto is_idle = [&](Op op) {
    const bool has_position = traits_of(op).argument == Argument::kPosition;
    switch (traits_of(op).needs) {
      case Needs::kHeldBlock:
        return held == 0 || (op.kind == Kind::kGive && op.argument == index) ||
               (has_position && op.argument != Op::kNewest && op.argument >= held);
      case Needs::kSeenBlock:
        return held == 0;
      case Needs::kFreedBlock:
        return !freed;
      case Needs::kGift:
        return !given_to;
      case Needs::kNothing:
        // Said twice, it is still one request.
        return op.kind == Kind::kFailNextRequest && !useful.empty() && useful.back() == op;
    }
    return false;
  };
  for (const Op op : thread) {
    if (is_idle(op)) continue;
    held += blocks_asked_for(op);
    if (op.kind == Kind::kTake) ++held;
    if (op.kind == Kind::kGive || op.kind == Kind::kFree) --held;
    if (op.kind == Kind::kFreeAll) held = 0;
    freed |= traits_of(op).effect == Effect::kFree;
    useful.push_back(op);
  }
  // A request that must fail has to be followed by something that may make one.
  std::size_t last_allocation = useful.size();
  while (last_allocation > 0 && !allocates(useful[last_allocation - 1])) {
    --last_allocation;
  }
  std::size_t position = 0;
  std::erase_if(useful, [&position, last_allocation](Op op) {
    return position++ >= last_allocation && op.kind == Kind::kFailNextRequest;
  });
  return useful;
}

/// Which threads can be given anything. A block has to come from an allocation: threads that only
/// pass on what they take from each other have nothing to give.
std::vector<bool> receivers(const Program& program) {
  const std::size_t count = program.threads.size();
  std::vector<bool> given_to(count, false);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t giver = 0; giver < count; ++giver) {
      const Thread useful = without_idle(program.threads[giver], giver, given_to[giver]);
      for (std::size_t i = 0; i < count; ++i) {
        if (given_to[i] || !gives_to(useful, i)) continue;
        given_to[i] = more = true;
      }
    }
  }
  return given_to;
}

std::size_t detail_of(Op op) {
  switch (op.kind) {
    case Kind::kAllocate:
      return op.argument - std::size_t{1};
    case Kind::kFree:
      return op.argument == Op::kNewest ? 0 : 1;
    case Kind::kFreeAll:
      return 2;
    case Kind::kGive:
      return std::size_t{3} + op.argument;
    case Kind::kTrim:
    case Kind::kStats:
      return 2;
    default:
      return 1;
  }
}

/// What an operation may be replaced by.
std::vector<Op> plainer(Op op) {
  switch (op.kind) {
    case Kind::kAllocate:
      if (op.argument <= 1) return {};
      return {Op{Kind::kAllocate, 1},
              Op{Kind::kAllocate, static_cast<std::uint8_t>(op.argument - 1)}};
    case Kind::kFree:
      if (op.argument == Op::kNewest) return {};
      return {Op{Kind::kFree, Op::kNewest}};
    case Kind::kFreeAll:
    case Kind::kGive:
      return {Op{Kind::kFree, Op::kNewest}};
    case Kind::kTake:
      return {Op{Kind::kAllocate, 1}};
    case Kind::kStats:
      return {Op{Kind::kSegmentCount}};
    default:
      if (allocates(op)) return {Op{Kind::kAllocate, 1}};
      return {};
  }
}

/// Collects candidates that are what they should be.
class Candidates {
 public:
  explicit Candidates(const Program& original) : weight_(weight_of(original)) {}

  void add(Program program) {
    program = without_idle_operations(std::move(program));
    if (program.threads.empty() || !(weight_of(program) < weight_)) return;
    if (std::ranges::find(found_, program) != found_.end()) return;
    found_.push_back(std::move(program));
  }
  [[nodiscard]] std::vector<Program> take() { return std::move(found_); }

 private:
  ProgramWeight weight_;
  std::vector<Program> found_;
};

Program with_thread(const Program& program, std::size_t index, Thread thread) {
  Program changed = program;
  changed.threads[index] = std::move(thread);
  return changed;
}

void remove_stretches(const Program& program, std::size_t index, Candidates& candidates) {
  const Thread& thread = program.threads[index];
  for (std::size_t length = thread.size(); length > 0; length /= 2) {
    for (std::size_t start = 0; start + length <= thread.size(); ++start) {
      candidates.add(with_thread(program, index, model::without(thread, {start, start + length})));
    }
  }
}

/// Removing one of an allocation and its free alone changes what the rest of the thread holds.
void remove_pairs(const Program& program, std::size_t index, Candidates& candidates) {
  const Thread& thread = program.threads[index];
  for (std::size_t i = 0; i < thread.size(); ++i) {
    if (!allocates(thread[i])) continue;
    for (std::size_t j = i + 1; j < thread.size(); ++j) {
      if (traits_of(thread[j]).effect != Effect::kFree) continue;
      Thread rest = model::without(model::without(thread, {j, j + 1}), {i, i + 1});
      candidates.add(with_thread(program, index, std::move(rest)));
    }
  }
}

bool is_within(Kind kind, const ProgramLimits& limits) {
  // Where another thread may be handed the block anew, no slab can refuse its second free.
  if (traits_of(kind).needs == Needs::kFreedBlock) return false;
  switch (traits_of(kind).effect) {
    case Effect::kGift:
      return limits.gifts;
    case Effect::kBadPointer:
      return limits.bad_pointers;
    case Effect::kQuery:
      return limits.queries;
    case Effect::kTrim:
      return limits.trims;
    case Effect::kRefusal:
      return limits.refusals;
    case Effect::kAllocate:
    case Effect::kFree:
      return true;
  }
  return false;
}

/// As many copies of each kind as its weight says.
std::vector<Kind> kinds_within(const ProgramLimits& limits) {
  std::vector<Kind> copies;
  std::ranges::copy_if(model::kWeightedKinds, std::back_inserter(copies),
                       [&limits](Kind kind) { return is_within(kind, limits); });
  return copies;
}

std::uint32_t argument_of(Argument argument, std::uint32_t number, const ProgramLimits& limits) {
  switch (argument) {
    case Argument::kBlocks:
      // One block half of the time: the single allocation is what the algorithm is about.
      return number % 2 == 0 ? 1 : 1 + number / 2 % static_cast<std::uint32_t>(limits.max_batch);
    case Argument::kPosition:
      return number % 2 == 0 ? Op::kNewest : number / 2 % 3;
    case Argument::kThread:
      return number % static_cast<std::uint32_t>(model::kMaxThreads);
    case Argument::kNone:
      break;
  }
  return 0;
}

Op op_of(Kind kind, std::uint32_t number, const ProgramLimits& limits) {
  const std::uint32_t argument = argument_of(traits_of(kind).argument, number, limits);
  return {kind, static_cast<std::uint8_t>(argument)};
}

/// Makes raw operations a program: gifts go to threads that there are.
Program assemble(std::vector<Thread> threads) {
  Program program{std::move(threads)};
  const std::size_t count = program.threads.size();
  for (Thread& thread : program.threads) {
    for (Op& op : thread) {
      if (op.kind == Kind::kGive) op.argument = static_cast<std::uint8_t>(op.argument % count);
    }
  }
  program = without_idle_operations(std::move(program));
  if (program.threads.empty()) program.threads = {{Op{Kind::kAllocate, 1}}};
  return program;
}

}  // namespace

ProgramWeight weight_of(const Program& program) {
  ProgramWeight weight{.threads = program.threads.size()};
  for (const Thread& thread : program.threads) {
    weight.operations += thread.size();
    for (const Op op : thread) weight.detail += detail_of(op);
  }
  return weight;
}

Program without_idle_operations(Program program) {
  for (;;) {
    const Program before = program;
    const std::vector<bool> given_to = receivers(program);
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
      program.threads[i] = without_idle(program.threads[i], i, given_to[i]);
    }
    for (std::size_t i = program.threads.size(); i-- > 0;) {
      if (program.threads[i].empty()) program = without_thread(program, i);
    }
    if (program == before) return program;
  }
}

std::vector<Program> simpler_programs(const Program& program) {
  Candidates candidates(program);
  for (std::size_t i = 0; i < program.threads.size(); ++i) {
    candidates.add(without_thread(program, i));
  }
  for (std::size_t i = 0; i < program.threads.size(); ++i) {
    remove_stretches(program, i, candidates);
  }
  for (std::size_t i = 0; i < program.threads.size(); ++i) remove_pairs(program, i, candidates);
  for (std::size_t i = 0; i < program.threads.size(); ++i) {
    for (std::size_t j = 0; j < program.threads[i].size(); ++j) {
      for (const Op replacement : plainer(program.threads[i][j])) {
        Program changed = program;
        changed.threads[i][j] = replacement;
        candidates.add(std::move(changed));
      }
    }
  }
  return candidates.take();
}

rc::Gen<Program> programs(ProgramLimits limits) {
  using RawOp = std::pair<Kind, std::uint32_t>;
  const auto thread_count = rc::gen::inRange<std::size_t>(1, limits.max_threads + 1);
  const auto raw_op =
      rc::gen::pair(rc::gen::elementOf(kinds_within(limits)), rc::gen::arbitrary<std::uint32_t>());
  const auto raw_thread = rc::gen::mapcat(
      rc::gen::inRange<std::size_t>(1, limits.max_ops + 1), [raw_op](std::size_t length) {
        return rc::gen::container<std::vector<RawOp>>(length, raw_op);
      });
  const auto raw_threads = rc::gen::mapcat(thread_count, [raw_thread](std::size_t count) {
    return rc::gen::container<std::vector<std::vector<RawOp>>>(count, raw_thread);
  });
  auto whole = rc::gen::map(raw_threads, [limits](const std::vector<std::vector<RawOp>>& raw) {
    std::vector<Thread> threads;
    for (const auto& raw_ops : raw) {
      Thread& thread = threads.emplace_back();
      for (const auto& [kind, number] : raw_ops) thread.push_back(op_of(kind, number, limits));
    }
    return assemble(std::move(threads));
  });
  // Shrinking raw numbers would be blind to what they mean; programs know better how to shrink.
  return [whole = rc::gen::noShrink(std::move(whole))](const rc::Random& random, int size) {
    return rc::shrinkable::shrinkRecur(whole(random, size).value(), [](const Program& program) {
      return rc::seq::fromContainer(simpler_programs(program));
    });
  };
}

}  // namespace slabproof::properties

namespace slabproof::model {

void showValue(const Program& program, std::ostream& stream) {
  stream << to_text(program);
}

}  // namespace slabproof::model
