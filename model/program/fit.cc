#include "model/program/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

bool is_of_remotes(Op op) {
  const Effect effect = traits_of(op).effect;
  return effect == Effect::kFree || effect == Effect::kGift;
}

/// The most blocks that a thread may hold at an `F`.
std::size_t most_freed_at_once(const std::vector<Op>& ops) {
  std::size_t held = 0;
  std::size_t most = 0;
  for (const Op op : ops) {
    held += blocks_asked_for(op);
    if (op.kind == Op::Kind::kTake) ++held;
    if (op.kind != Op::Kind::kFreeAll) continue;
    most = std::max(most, std::exchange(held, 0));
  }
  return most;
}

std::optional<std::string> too_large_free_of(const Program& program) {
  for (std::size_t thread = 0; thread < program.threads.size(); ++thread) {
    const std::size_t most = most_freed_at_once(program.threads[thread]);
    if (most <= kMaxFreedAtOnce) continue;
    return fmt::format(
        "an `F` of thread {} may give back {} blocks, which is more than the {} that a slab takes "
        "in one critical section: that the checker cannot judge",
        thread, most, kMaxFreedAtOnce);
  }
  return std::nullopt;
}

}  // namespace

bool has_operation(SlabFamily family, std::size_t thread, Op op) {
  if (has_caches(family)) {
    return op.kind != Op::Kind::kFreeAgain && op.kind != Op::Kind::kAllocateZeroed;
  }
  if (family != SlabFamily::kOwner) return true;
  if (thread != 0) return is_of_remotes(op);
  return traits_of(op).effect != Effect::kBadPointer && op.kind != Op::Kind::kUsableSize;
}

std::optional<std::string> misfit_of(const Program& program, const SlabSetup& slab) {
  const SlabFamily family = slab.family;
  if (slab.batch < 1 || slab.batch > kMaxSlabBatch) {
    return fmt::format("blocks move together 1 to {} at a time, not {}", kMaxSlabBatch, slab.batch);
  }
  if (family == SlabFamily::kShared) return too_large_free_of(program);
  if (slab.slot_states) {
    return fmt::format("a slab of the family {} has no slot-states", to_text(family));
  }
  if (!slab.recheck_all) {
    return fmt::format("a slab of the family {} is checked with --recheck all only",
                       to_text(family));
  }
  for (std::size_t thread = 0; thread < program.threads.size(); ++thread) {
    for (const Op op : program.threads[thread]) {
      if (has_operation(family, thread, op)) continue;
      return fmt::format("`{}` is not an operation of thread {} on a slab of the family {}",
                         to_text(op), thread, to_text(family));
    }
  }
  return std::nullopt;
}

Program fitted(Program program, SlabFamily family) {
  for (std::size_t thread = 0; thread < program.threads.size(); ++thread) {
    std::vector<Op>& ops = program.threads[thread];
    std::erase_if(ops, [&](Op op) { return !has_operation(family, thread, op); });
    if (ops.empty()) ops.push_back({Op::Kind::kTake, 0});
  }
  return program;
}

}  // namespace slabproof::model
