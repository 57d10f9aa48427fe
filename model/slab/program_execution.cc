#include "model/slab/program_execution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/model_memory.h"
#include "model/search/engine.h"
#include "model/search/trace.h"
#include "model/slab/model_backing.h"
#include "model/slab/property.h"

namespace slabproof::model {
namespace {

/// An address that no slab ever hands out.
std::byte foreign_object;

/// What a block holds when it is given back: nobody who is handed it anew may take it for zeros.
constexpr int kLeftBehind = 0xa5;

bool is_zero(const BlockView& block) {
  return std::all_of(block.data, block.data + block.size,
                     [](std::byte byte) { return byte == std::byte{0}; });
}

bool names_a_thread(const Op& op) {
  return traits_of(op).argument == Argument::kThread;
}

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

RunSettings slab_run_settings() {
  RunSettings settings;
  settings.forbid_allocation_under_lock = true;
  settings.reuse_memory = false;
  return settings;
}

ProgramExecution::ProgramExecution(AnySlab& slab, Program program, const SlabSetup& setup)
    : slab_(slab),
      traits_(slab.traits()),
      program_(std::move(program)),
      setup_(setup),
      threads_(program_.threads.size()) {
  for (std::size_t giver = 0; giver < program_.threads.size(); ++giver) {
    for (const Op& op : program_.threads[giver]) {
      if (!names_a_thread(op)) continue;
      if (channels_.empty()) channels_.resize(kMaxThreads * kMaxThreads);
      channel(giver, op.argument).used = true;
    }
  }
  bad_pointers_.reserve(program_.threads.size() * kMaxOpsPerThread);
}

Setting ProgramExecution::setting() const {
  const SegmentShape shape = slab_.segment_shape(setup_.capacity);
  Setting setting{setup_};
  setting.stride = traits_.stride;
  setting.alignment = traits_.slot_alignment;
  setting.segment_bytes = shape.region_bytes;
  setting.slots_offset = shape.slots_offset;
  return setting;
}

std::vector<std::uint8_t> ProgramExecution::symmetry_class() const {
  std::vector<std::uint8_t> classes(program_.threads.size());
  const bool names_threads = setup_.family == SlabFamily::kOwner ||
                             std::ranges::any_of(program_.threads, [](const auto& thread) {
                               return std::ranges::any_of(thread, names_a_thread);
                             });
  for (std::size_t i = 0; i < classes.size(); ++i) {
    std::size_t first = i;
    for (std::size_t k = 0; k < i && !names_threads && first == i; ++k) {
      if (program_.threads[k] == program_.threads[i]) first = k;
    }
    classes[i] = static_cast<std::uint8_t>(first);
  }
  return classes;
}

void ProgramExecution::before() {
  history_->clear();
  violation_.reset();
  regions_mapped_ = 0;
  in_epilogue_ = false;
  bad_pointers_.clear();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    ThreadState& state = threads_[i];
    state.held_count = 0;
    state.last_freed = nullptr;
    state.last_seen = nullptr;
    state.returns = {};
    state.frees_again = nullptr;
    state.op = 0;
    state.sections = 0;
    state.batch.end();
    state.next_value = i << 32 | 1;
  }
  slab_.construct(setup_.capacity, setup_.initial_segments);
  slab_.begin_threads(thread_count());
  for (Channel& each : channels_) {
    each.given = 0;
    each.taken = 0;
    if (each.used) ::new (static_cast<void*>(each.sent)) SlabSync::Atomic<std::uint32_t>(0);
  }
}

SlabSync::Atomic<std::uint32_t>& ProgramExecution::sent(Channel& channel) {
  return *std::launder(reinterpret_cast<SlabSync::Atomic<std::uint32_t>*>(channel.sent));
}

void ProgramExecution::thread(std::size_t index) {
  const auto& ops = program_.threads[index];
  slab_.begin_thread(index);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    threads_[index].op = static_cast<std::uint8_t>(i);
    threads_[index].sections = 0;
    trace_operation(index, ops[i]);
    OpRecord record;
    record.id = present_op(index);
    record.op = ops[i];
    run(index, ops[i], record);
    if (history_->op_count == History::kMaxOps) {
      history_->overflowed = true;
      return;
    }
    history_->ops[history_->op_count++] = record;
  }
  // What comes now belongs to none of them.
  threads_[index].op = static_cast<std::uint8_t>(ops.size());
  threads_[index].sections = 0;
  slab_.end_thread();
  keep_taken_back(index);
}

void ProgramExecution::keep_taken_back(std::size_t thread) {
  ThreadState& state = threads_[thread];
  while (std::byte* const block = slab_.take_back()) {
    Held& held = state.held[state.held_count++];
    held.piece = {block, traits_.stride};
    begin_use(state, thread, held);
  }
}

OpId ProgramExecution::present_op(std::size_t thread) const {
  return {static_cast<std::uint8_t>(thread), threads_[thread].op};
}

/// A call of the slab by a thread, which may come to points.
template <class Call>
auto ProgramExecution::on_slab(Call call) {
  std::optional<decltype(call())> result;
  Engine::instance().call_apart([&] { result.emplace(call()); });
  return *std::move(result);
}

void ProgramExecution::run(std::size_t thread, Op op, OpRecord& record) {
  ThreadState& state = threads_[thread];
  Held* const newest = state.held_count == 0 ? nullptr : &state.held[state.held_count - 1];
  switch (op.kind) {
    case Op::Kind::kAllocate:
    case Op::Kind::kAllocateZeroed:
      return allocate(thread, op, record);
    case Op::Kind::kFree:
      return free_one(thread, op.argument == Op::kNewest ? state.held_count - 1 : op.argument,
                      record);
    case Op::Kind::kFreeAll:
      return free_all(thread, record);
    case Op::Kind::kGive:
      return give(thread, op.argument, record);
    case Op::Kind::kTake:
      return take(thread, record);
    case Op::Kind::kFreeForeign:
      return offer_bad_pointer(&foreign_object, record);
    case Op::Kind::kFreeMisaligned:
      return offer_bad_pointer(state.last_seen == nullptr ? nullptr : state.last_seen + 1, record);
    case Op::Kind::kFreeAgain:
      return free_again(thread, record);
    case Op::Kind::kUsableSize:
      record.skipped = newest == nullptr;
      if (newest == nullptr) return;
      record.value = on_slab([&] { return slab_.usable_size(newest->piece.data); }).value_or(0);
      return note_block(record, newest->piece);
    case Op::Kind::kCapacityBytes:
      record.value = on_slab([&] { return slab_.capacity_bytes(); });
      return;
    case Op::Kind::kSegmentCount:
      record.value = on_slab([&] { return slab_.segment_count(); });
      return;
    case Op::Kind::kStats:
      record.value = on_slab([&] { return slab_.counters().live; });
      return;
    case Op::Kind::kTrim:
      record.value = on_slab([&] { return slab_.trim(); });
      return;
    case Op::Kind::kFailNextRequest:
      return checker_hooks::fail_next_request();
  }
}

void ProgramExecution::note_block(OpRecord& record, const BlockView& piece) {
  if (history_->block_count == History::kMaxBlocks) {
    history_->overflowed = true;
    return;
  }
  if (record.block_count == 0) record.first_block = history_->block_count;
  history_->blocks[history_->block_count++] = {address_of(piece.data), piece.size};
  ++record.block_count;
}

void ProgramExecution::trace_operation(std::size_t thread, const Op& op) {
  if (!checker_hooks::is_tracing()) return;
  const CheckerScope quiet;
  checker_hooks::note({.thread = static_cast<int>(thread),
                       .place = {},
                       .operation = std::string(to_text(SlabEvent::kOperation)),
                       .object = {},
                       .value = to_text(op),
                       .annotation = {.kind = static_cast<std::uint8_t>(SlabEvent::kOperation)}});
}

void ProgramExecution::trace_owner(SlabEvent change, std::size_t thread, const std::byte* block,
                                   std::source_location where) {
  if (!checker_hooks::is_tracing()) return;
  const CheckerScope quiet;
  checker_hooks::note(
      // The epilogue takes back what threads still hold: that ends their ownership, not its own.
      {.thread = thread == kNobody ? TraceEvent::kMainThread : static_cast<int>(thread),
       .place = SourcePlace::of(where),
       .operation = std::string(to_text(change)),
       .object = fmt::format("block {}", fmt::ptr(block)),
       .value = {},
       .annotation = {.kind = static_cast<std::uint8_t>(change), .address = address_of(block)}});
}

/// Whether some thread holds it, beside the one that has just got it.
bool ProgramExecution::is_held(const std::byte* block) const {
  std::size_t holders = 0;
  for (const ThreadState& state : threads_) {
    const auto held = std::span(state.held).first(state.held_count);
    holders += static_cast<std::size_t>(std::ranges::count_if(
        held, [block](const Held& each) { return each.piece.data == block; }));
  }
  return holders > 1;
}

bool ProgramExecution::is_bad(const std::byte* pointer) const {
  return std::ranges::find(bad_pointers_, pointer) != bad_pointers_.end();
}

void ProgramExecution::begin_use(ThreadState& state, std::size_t thread, Held& held) {
  held.value = state.next_value++;
  state.last_seen = held.piece.data;
  if (!ModelMemory::contains(held.piece.data)) {
    checker_hooks::report("S2", "a block was handed out that lies in no memory of the backing");
  }
  trace_owner(SlabEvent::kHandOut, thread, held.piece.data);
  if (setup_.family != SlabFamily::kShared && is_held(held.piece.data)) {
    checker_hooks::report("S1", "a block was handed out while another thread holds it");
  }
  ::new (static_cast<void*>(held.piece.data)) Payload(Contents{held.value});
}

void ProgramExecution::end_use(std::size_t thread, const Held& held) {
  auto* const payload = std::launder(reinterpret_cast<Payload*>(held.piece.data));
  if (payload->read().value != held.value) {
    checker_hooks::report("S1", "a block does not hold what its owner wrote to it");
  }
  std::destroy_at(payload);
  std::memset(held.piece.data, kLeftBehind, held.piece.size);
  trace_owner(SlabEvent::kTakeBack, thread, held.piece.data);
}

void ProgramExecution::allocate(std::size_t thread, Op op, OpRecord& record) {
  ThreadState& state = threads_[thread];
  std::array<BlockView, kMaxBatch> pieces;
  const auto outcome = on_slab([&] {
    return slab_.allocate_each(op.kind, std::span(pieces).first(blocks_asked_for(op)), state.batch);
  });
  std::size_t served = outcome.value_or(0);
  record.failed = !outcome;
  if (!bad_pointers_.empty()) {
    const auto bad = std::ranges::remove_if(
        std::span(pieces).first(served), [this](const auto& piece) { return is_bad(piece.data); });
    record.refused_pointers = bad.size();
    served -= bad.size();
  }
  if (!outcome) record.error = static_cast<AllocError>(outcome.error());
  for (std::size_t i = 0; i < served; ++i) note_block(record, pieces[i]);
  history_->returned[thread] = record;
  history_->returned_threads |= 1U << thread;
  for (std::size_t i = 0; i < served; ++i) {
    Held& held = state.held[state.held_count++];
    held.piece = pieces[i];
    const bool is_wrong = op.kind == Op::Kind::kAllocateZeroed &&
                          ModelMemory::contains(held.piece.data) && !is_zero(held.piece);
    begin_use(state, thread, held);
    if (is_wrong) checker_hooks::report("S12", "a block of zeros was handed out that is not zero");
  }
}

void ProgramExecution::free_one(std::size_t thread, std::size_t position, OpRecord& record) {
  ThreadState& state = threads_[thread];
  if (position >= state.held_count) {
    record.skipped = true;
    return;
  }
  const Held held = state.held[position];
  const auto begin = state.held.begin() + static_cast<std::ptrdiff_t>(position);
  std::move(begin + 1, state.held.begin() + static_cast<std::ptrdiff_t>(state.held_count), begin);
  --state.held_count;
  end_use(thread, held);
  note_block(record, held.piece);
  state.last_freed = held.piece.data;
  state.returns = std::span(&state.last_freed, 1);
  on_slab([&] { return slab_.deallocate(held.piece.data); });
  state.returns = {};
  keep_taken_back(thread);
}

void ProgramExecution::free_all(std::size_t thread, OpRecord& record) {
  ThreadState& state = threads_[thread];
  if (state.held_count == 0) {
    record.skipped = true;
    return;
  }
  std::array<void*, kMaxHeld> pointers;
  for (std::size_t i = 0; i < state.held_count; ++i) {
    end_use(thread, state.held[i]);
    note_block(record, state.held[i].piece);
    pointers[i] = state.held[i].piece.data;
  }
  const std::size_t count = std::exchange(state.held_count, 0);
  state.last_freed = pointers[count - 1];
  state.returns = std::span<void* const>(pointers.data(), count);
  on_slab([&, returns = state.returns] { return slab_.deallocate_batch(returns); });
  state.returns = {};
  keep_taken_back(thread);
}

void ProgramExecution::offer_bad_pointer(void* pointer, OpRecord& record) {
  if (pointer == nullptr) {
    record.skipped = true;
    return;
  }
  record.refused_pointers = 1;
  note_block(record, {static_cast<std::byte*>(pointer), 0});
  if (has_caches(setup_.family)) bad_pointers_.push_back(static_cast<std::byte*>(pointer));
  on_slab([&] { return slab_.deallocate(pointer); });
}

void ProgramExecution::free_again(std::size_t thread, OpRecord& record) {
  ThreadState& state = threads_[thread];
  state.frees_again = traits_.tracks_slots ? state.last_freed : nullptr;
  offer_bad_pointer(state.frees_again, record);
  state.frees_again = nullptr;
}

/// Who has a block that the slab handed out and has not had back, in words; empty if nobody.
std::string ProgramExecution::holder_of(const void* block) const {
  const auto is_it = [block](const Held& each) { return each.piece.data == block; };
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    const ThreadState& state = threads_[thread];
    const auto held = std::span(state.held).first(state.held_count);
    if (std::ranges::any_of(held, is_it) || state.batch.has(block) ||
        std::ranges::find(state.returns, block) != state.returns.end()) {
      return fmt::format("thread {} holds it", thread);
    }
  }
  for (const Channel& each : channels_) {
    const auto gifts = std::span(each.gifts).first(each.given).subspan(each.taken);
    if (std::ranges::any_of(gifts, is_it)) return "it is on its way to another thread";
  }
  return {};
}

/// The second free of a block that somebody has by now is that thread's free to the slab, and what
/// comes of it would be taken for an error of the slab. Called when the lock has been taken: until
/// then the holder might free the block itself.
void ProgramExecution::refuse_free_of_live_block(std::size_t thread) {
  const CheckerScope quiet;
  const void* const block = threads_[thread].frees_again;
  const std::string holder = holder_of(block);
  if (holder.empty()) return;
  const OpId op = present_op(thread);
  checker_hooks::report_harness_defect(
      fmt::format("`d` (thread {}, operation {}) gave back {} while {}: no slab can refuse that.",
                  op.thread, op.op, fmt::ptr(block), holder));
}

void ProgramExecution::give(std::size_t thread, std::size_t receiver, OpRecord& record) {
  ThreadState& state = threads_[thread];
  if (state.held_count == 0 || receiver >= thread_count()) {
    record.skipped = true;
    return;
  }
  Channel& to = channel(thread, receiver);
  const Held gift = state.held[--state.held_count];
  to.gifts[to.given++] = gift;
  note_block(record, gift.piece);
  trace_owner(SlabEvent::kGiveAway, thread, gift.piece.data);
  // Only this thread writes to this channel, so a relaxed load reads its own last store.
  const std::uint32_t count = sent(to).load(std::memory_order::relaxed);
  sent(to).store(count + 1, std::memory_order::release);
}

void ProgramExecution::take(std::size_t thread, OpRecord& record) {
  ThreadState& state = threads_[thread];
  for (std::size_t giver = 0; !channels_.empty() && giver < thread_count(); ++giver) {
    Channel& from = channel(giver, thread);
    if (!from.used) continue;
    // A read-modify-write reads the newest value: a gift that was made is not overlooked.
    if (sent(from).fetch_add(0, std::memory_order::acquire) == from.taken) continue;
    const Held gift = from.gifts[from.taken++];
    state.held[state.held_count++] = gift;
    state.last_seen = gift.piece.data;
    note_block(record, gift.piece);
    trace_owner(SlabEvent::kReceive, thread, gift.piece.data);
    return;
  }
  record.skipped = true;
}

std::optional<Failure> ProgramExecution::judge() {
  if (!judge_) return std::nullopt;
  violation_ = judge_(*history_);
  if (!violation_) return std::nullopt;
  return failure_of(*violation_);
}

/// Says of the lock that the checker has just traced that it is the slab's.
void ProgramExecution::trace_section() {
  if (!checker_hooks::is_tracing()) return;
  TraceEvent& lock = Engine::instance().trace()->events.back();
  lock.annotation.kind = static_cast<std::uint8_t>(SlabEvent::kSection);
}

/// Says what the memory is for that the checker has just traced: "segment of 256 bytes at 0x1000".
/// A release comes later than its event, and is known by its address.
void ProgramExecution::trace_region(const RegionEvent& region) {
  if (!checker_hooks::is_tracing() || region.action == RegionAction::kReleased) return;
  const CheckerScope quiet;
  const bool is_segment = static_cast<RegionKind>(region.tag) == RegionKind::kSegment;
  TraceEvent& event = Engine::instance().trace()->events.back();
  event.value = fmt::format("{} of {}", is_segment ? "segment" : "directory", event.value);
}

void ProgramExecution::acquired(std::size_t thread, std::uint16_t mutex) {
  if (mutex != kSlabMutex && setup_.family == SlabFamily::kShared) return;
  trace_section();
  if (history_->acquisition_count == History::kMaxAcquisitions) {
    history_->overflowed = true;
    return;
  }
  history_->acquisitions[history_->acquisition_count++] = {
      present_op(thread), static_cast<std::uint8_t>(mutex),
      static_cast<std::uint16_t>(threads_[thread].batch.served())};
  ++threads_[thread].sections;
  threads_[thread].returns = {};
  if (threads_[thread].frees_again != nullptr) refuse_free_of_live_block(thread);
}

void ProgramExecution::region_event(const RegionEvent& event) {
  trace_region(event);
  if (event.action == RegionAction::kGranted) ++regions_mapped_;
  if (event.action == RegionAction::kReleased) --regions_mapped_;
  if (in_epilogue_) return;  // it is judged by its census
  if (history_->backing_event_count == History::kMaxBackingEvents) {
    history_->overflowed = true;
    return;
  }
  history_->backing_events[history_->backing_event_count++] = {
      .op = event.thread ? present_op(*event.thread) : kNoOp,
      .kind = event.action,
      .is_segment = static_cast<RegionKind>(event.tag) == RegionKind::kSegment,
      .stamp = history_->acquisition_count,
      .base = address_of(event.data),
      .size = event.size};
}

}  // namespace slabproof::model
