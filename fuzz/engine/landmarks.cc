#include "fuzz/engine/landmarks.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace slabproof::fuzz {
namespace {

constexpr std::size_t kSituations = 4096;

// libFuzzer reads every byte of the section of this name as a counter, and clears it before each
// input. Without libFuzzer it is memory like any other.
[[gnu::section(
    "__libfuzzer_extra_counters")]] std::array<std::uint8_t, kMaxLandmarks + kSituations> counters;

std::vector<std::string>& names() {
  static std::vector<std::string> all;
  return all;
}

void count(std::uint8_t& counter) noexcept {
  if (counter != UINT8_MAX) ++counter;
}

}  // namespace

Landmark::Landmark(std::string_view name) : number_(names().size()) {
  if (number_ == kMaxLandmarks) {
    std::fputs("fuzz: more landmarks than kMaxLandmarks\n", stderr);
    std::abort();
  }
  names().emplace_back(name);
}

void Landmark::reach() const noexcept {
  count(counters[number_]);
}

void reach_situation(std::uint64_t situation) noexcept {
  counters[kMaxLandmarks + situation % kSituations] = 1;
}

void forget_landmarks() noexcept {
  counters.fill(0);
}

std::vector<std::string> reached_landmarks() {
  std::vector<std::string> reached;
  for (std::size_t i = 0; i < names().size(); ++i) {
    if (counters[i] != 0) reached.push_back(names()[i]);
  }
  return reached;
}

}  // namespace slabproof::fuzz
