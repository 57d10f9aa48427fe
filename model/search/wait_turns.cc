#include "model/search/wait_turns.h"

#include <algorithm>
#include <cstring>

namespace slabproof::model {
namespace {

/// Mixes a value into a hash (the finalizer of SplitMix64).
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  std::uint64_t bits = hash + 0x9e3779b97f4a7c15 + value;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return bits ^ bits >> 31;
}

std::uint64_t name_of(const void* object) noexcept {
  return reinterpret_cast<std::uintptr_t>(object);
}

}  // namespace

void WaitTurns::begin_execution() noexcept {
  for (PerThread& each : of_) {
    each.has_paused = false;
    each.operations = 0;
    each.is_empty = true;
    each.has_acted = false;
    each.tries.clear();
  }
}

void WaitTurns::begin_thread(std::size_t thread, const std::byte* stack_base) noexcept {
  of_[thread].stack_base = stack_base;
}

void WaitTurns::did(PerThread& me, const void* object, std::uint64_t value) noexcept {
  me.is_empty = false;
  me.operations = mix(mix(me.operations, name_of(object)), value);
}

void WaitTurns::read(std::size_t thread, const void* object, std::uint64_t value, bool is_final) {
  PerThread& me = of_[thread];
  if (!me.has_paused) return;
  did(me, object, value);
  if (!is_final) me.may_differ = true;
  if (std::ranges::find(me.reads, object) == me.reads.end()) me.reads.push_back(object);
}

std::uint8_t WaitTurns::write(std::size_t thread, const void* object,
                              std::uint64_t value) noexcept {
  act(thread);
  did(of_[thread], object, value);
  unsigned readers = 0;
  for (std::size_t other = 0; other < of_.size(); ++other) {
    PerThread& reader = of_[other];
    if (other == thread || !reader.has_paused) continue;
    if (std::ranges::find(reader.reads, object) == reader.reads.end()) continue;
    reader.may_differ = true;
    readers |= 1U << other;
  }
  return static_cast<std::uint8_t>(readers);
}

void WaitTurns::lock(std::size_t thread, const void* mutex) noexcept {
  PerThread& me = of_[thread];
  me.lock_balance += mix(0, name_of(mutex));
  did(me, mutex, 1);
}

void WaitTurns::unlock(std::size_t thread, const void* mutex) noexcept {
  PerThread& me = of_[thread];
  me.lock_balance -= mix(0, name_of(mutex));
  did(me, mutex, 0);
}

void WaitTurns::failed_to_lock(std::size_t thread, std::uint16_t mutex) {
  PerThread& me = of_[thread];
  if (!me.has_paused) return;
  me.is_empty = false;
  me.operations = mix(me.operations, mutex);
  me.tries.push_back(mutex);
}

std::uint8_t WaitTurns::tried_by(std::uint16_t mutex) const noexcept {
  unsigned threads = 0;
  for (std::size_t thread = 0; thread < of_.size(); ++thread) {
    if (std::ranges::find(of_[thread].tries, mutex) != of_[thread].tries.end()) {
      threads |= 1U << thread;
    }
  }
  return static_cast<std::uint8_t>(threads);
}

void WaitTurns::act(std::size_t thread) noexcept {
  of_[thread].has_acted = true;
}

bool WaitTurns::has_no_effect(std::size_t thread) const noexcept {
  const PerThread& me = of_[thread];
  return me.has_paused && !me.has_acted && me.lock_balance == 0;
}

bool WaitTurns::is_where_it_began(const PerThread& me, const LocalState& state) noexcept {
  return me.has_paused && me.state.registers == state.registers && me.state.stack == state.stack &&
         state.stack != nullptr && std::memcmp(me.stack.data(), state.stack, me.stack.size()) == 0;
}

WaitTurns::Turn WaitTurns::end_turn(std::size_t thread, const LocalState& now) {
  PerThread& me = of_[thread];
  if (is_where_it_began(me, now) && has_no_effect(thread)) return Turn::kRepetition;
  // Pauses with nothing between them are one.
  if (me.has_paused && me.is_empty && !me.has_acted) return Turn::kProgress;
  Turn turn = Turn::kProgress;
  if (is_where_it_began(me, now)) {
    turn = Turn::kRetry;
  } else if (me.has_paused && !me.is_empty && me.operations == me.operations_before) {
    turn = Turn::kSameReads;
  }
  me.in_a_row = me.has_paused && turn == me.turn ? me.in_a_row + 1 : 1;
  me.turn = turn;
  me.operations_before = me.operations;
  me.has_paused = true;
  me.state = now;
  if (now.stack != nullptr) me.stack.assign(now.stack, me.stack_base);
  begin_again(thread);
  return turn;
}

void WaitTurns::begin_again(std::size_t thread) {
  PerThread& me = of_[thread];
  me.has_acted = false;
  me.is_empty = true;
  me.may_differ = false;
  me.lock_balance = 0;
  me.operations = 0;
  me.reads.clear();
  me.tries.clear();
}

}  // namespace slabproof::model
