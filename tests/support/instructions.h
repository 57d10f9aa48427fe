#ifndef SLABPROOF_TESTS_SUPPORT_INSTRUCTIONS_H_
#define SLABPROOF_TESTS_SUPPORT_INSTRUCTIONS_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "tests/support/small_program.h"

namespace slabproof::testing {

// Small programs read here as the literature writes litmus tests.

inline constexpr std::uint8_t x = 0;
inline constexpr std::uint8_t y = 1;
inline constexpr std::uint8_t z = 2;

inline Instruction store(std::uint8_t object, std::uint8_t value, std::memory_order order) {
  return {Instruction::Kind::kStore, object, order, value};
}
inline Instruction load(std::uint8_t object, std::memory_order order) {
  return {Instruction::Kind::kLoad, object, order, 0};
}
inline Instruction add_one(std::uint8_t object, std::memory_order order) {
  return {Instruction::Kind::kFetchAdd, object, order, 1};
}
/// A compare-exchange from 0 to 1 that may fail without cause.
inline Instruction weak_cas(std::uint8_t object) {
  return {Instruction::Kind::kWeakCas, object, std::memory_order::relaxed, 1};
}
inline Instruction fence(std::memory_order order) {
  return {Instruction::Kind::kFence, 0, order};
}
inline Instruction lock(std::uint8_t mutex) {
  return {Instruction::Kind::kLock, mutex};
}
inline Instruction unlock(std::uint8_t mutex) {
  return {Instruction::Kind::kUnlock, mutex};
}
inline Instruction read(std::uint8_t variable) {
  return {Instruction::Kind::kRead, variable};
}
inline Instruction write(std::uint8_t variable, std::uint8_t value) {
  return {Instruction::Kind::kWrite, variable, std::memory_order::seq_cst, value};
}
inline constexpr Instruction kFence{Instruction::Kind::kFence, 0, std::memory_order::seq_cst, 0};
inline constexpr Instruction kPause{Instruction::Kind::kPause};
/// Waits, with a pause after each look, until the object has the value.
inline Instruction await(std::uint8_t object, std::uint8_t value,
                         std::memory_order order = std::memory_order::acquire) {
  return {Instruction::Kind::kAwait, object, order, value};
}

inline SmallProgram without_pauses(SmallProgram program) {
  for (SmallThread& thread : program) {
    std::erase_if(thread,
                  [](const Instruction& each) { return each.kind == Instruction::Kind::kPause; });
  }
  return program;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_INSTRUCTIONS_H_
