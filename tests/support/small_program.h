#ifndef SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace slabproof::testing {

/// What the programs are over, all of them 0 at first: atomics `x y z w`, mutexes `m0 m1` and plain
/// variables `p0 p1`.
inline constexpr std::size_t kSmallAtomics = 4;
inline constexpr std::size_t kSmallMutexes = 2;
inline constexpr std::size_t kSmallVariables = 2;

/// One operation of a program over these.
struct Instruction {
  enum class Kind : std::uint8_t {
    kLoad,
    kStore,
    kFetchAdd,
    kExchange,
    kWeakCas,    ///< from `value - 1` to `value`
    kStrongCas,  ///< the same
    kFence,
    kLock,
    kUnlock,
    kRead,
    kWrite,
    kPause,
    kAwait,  ///< loads and pauses until it has read `value`
  };
  Kind kind;
  std::uint8_t object = 0;
  std::memory_order order = std::memory_order::seq_cst;
  std::uint8_t value = 0;
  /// Of a compare-exchange that fails.
  std::memory_order failure =
      order == std::memory_order::seq_cst ? std::memory_order::seq_cst : std::memory_order::relaxed;

  [[nodiscard]] bool is_compare_exchange() const {
    return kind == Kind::kWeakCas || kind == Kind::kStrongCas;
  }
};

using SmallThread = std::vector<Instruction>;
using SmallProgram = std::vector<SmallThread>;

inline std::string to_text(const SmallProgram& program) {
  constexpr std::array<const char*, 13> kNames = {"load",  "store", "add",  "exchange", "weak-cas",
                                                  "cas",   "fence", "lock", "unlock",   "read",
                                                  "write", "pause", "await"};
  constexpr std::array<const char*, 6> kOrders = {"rlx", "con", "acq", "rel", "ar", "sc"};
  std::string text;
  for (const SmallThread& thread : program) {
    if (!text.empty()) text += " | ";
    for (const Instruction& each : thread) {
      text += std::string(kNames[static_cast<std::size_t>(each.kind)]) + "." +
              kOrders[static_cast<std::size_t>(each.order)];
      if (each.is_compare_exchange()) {
        text += std::string("/") + kOrders[static_cast<std::size_t>(each.failure)];
      }
      text += "(" + std::to_string(each.object) + "," + std::to_string(each.value) + ") ";
    }
  }
  return text;
}

/// What a compare-exchange that succeeds counts as having read.
inline constexpr unsigned kExchanged = 256;

/// What an execution came to: what each thread read, in program order and without its awaits, and
/// the atomics and variables at the end.
inline std::string outcome_text(std::span<const std::vector<unsigned>> reads,
                                std::span<const unsigned> memory) {
  std::string text;
  for (const std::vector<unsigned>& thread : reads) {
    for (const unsigned value : thread) {
      text += (value == kExchanged ? "done" : std::to_string(value)) + " ";
    }
    text += "|";
  }
  for (const unsigned value : memory) text += std::to_string(value) + " ";
  text.pop_back();
  return text;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_
