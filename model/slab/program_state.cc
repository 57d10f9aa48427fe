// What a program execution tells of its state to a search that compares states.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/slab/model_backing.h"
#include "model/slab/program_execution.h"

namespace slabproof::model {
namespace {

/// Whether an operation that is still to come, or to end, is of this kind.
bool comes(const std::vector<Op>& ops, std::size_t from, Op::Kind kind) {
  return std::any_of(ops.begin() + static_cast<std::ptrdiff_t>(std::min(from, ops.size())),
                     ops.end(), [kind](Op op) { return op.kind == kind; });
}

}  // namespace

StateOfProgram* ProgramExecution::state() {
  return setup_.family == SlabFamily::kShared && follower_ != nullptr ? this : nullptr;
}

/// Adds the present operation of a thread to the history. False where that has no room.
bool ProgramExecution::note_unfinished(std::size_t thread) {
  const ThreadState& state = threads_[thread];
  if (state.op >= program_.threads[thread].size()) return true;
  if (history_->op_count == History::kMaxOps) return false;
  OpRecord record;
  record.id = present_op(thread);
  record.op = program_.threads[thread][state.op];
  record.is_unfinished = true;
  const std::size_t served = state.batch.served();
  if (history_->block_count + served > History::kMaxBlocks) return false;
  for (std::size_t i = 0; i < served; ++i) {
    // Of which it writes nothing.
    note_block(record, {const_cast<std::byte*>(state.batch.block(i)), traits_.stride});
  }
  history_->ops[history_->op_count++] = record;
  return true;
}

bool ProgramExecution::follow() {
  if (history_->overflowed) return false;
  const std::uint16_t ops = history_->op_count;
  const std::uint16_t blocks = history_->block_count;
  bool is_good = true;
  for (std::size_t i = 0; i < threads_.size() && is_good; ++i) is_good = note_unfinished(i);
  is_good = is_good && follower_->follow(*history_);
  history_->op_count = ops;
  history_->block_count = blocks;
  return is_good;
}

/// Extents of the directory: behind the lock a segment is found by its index or its address,
/// whichever extent its entry lies in. Not those that also have words of the set of segments with
/// room, one for each 64 entries: they have 64 entries or more, each of which names its segment.
bool ProgramExecution::is_of_pool(std::uint32_t tag, std::size_t size) const {
  constexpr std::size_t kWithoutSetOfSegments = 64 * sizeof(void*);
  return static_cast<RegionKind>(tag) == RegionKind::kDirectory && size < kWithoutSetOfSegments;
}

/// Operations that have ended, and critical sections of those that have not.
std::uint32_t ProgramExecution::progress() const {
  constexpr std::uint32_t kMostSections = 256;
  std::uint32_t sum = 0;
  for (const ThreadState& state : threads_) {
    sum += state.op * kMostSections + std::min(state.sections, kMostSections - 1);
  }
  return sum;
}

bool ProgramExecution::append_shared(StateSink& sink) {
  if (!follow()) return false;
  follower_->append_shared(sink);
  return true;
}

void ProgramExecution::append_thread(std::size_t thread, StateSink& sink) {
  const ThreadState& state = threads_[thread];
  const auto& ops = program_.threads[thread];
  sink.number(state.op);
  sink.number(state.next_value & 0xffff'ffff);
  sink.number(state.held_count);
  for (const Held& held : std::span(state.held).first(state.held_count)) {
    sink.address(held.piece.data);
    sink.number(held.piece.size);
    sink.number(held.value & 0xffff'ffff);
    sink.thread(held.value >> 32);
  }
  // What nobody will look at any more is no part of the state.
  if (comes(ops, state.op, Op::Kind::kFreeAgain)) sink.address(state.last_freed);
  if (comes(ops, state.op, Op::Kind::kFreeMisaligned)) sink.address(state.last_seen);
  sink.number(state.returns.size());
  for (const void* const block : state.returns) sink.address(block);
  sink.address(state.frees_again);
  sink.number(state.batch.is_watched() ? 1 : 0);
  follower_->append_thread(thread, sink);
}

}  // namespace slabproof::model
