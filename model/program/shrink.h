#ifndef SLABPROOF_MODEL_PROGRAM_SHRINK_H_
#define SLABPROOF_MODEL_PROGRAM_SHRINK_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace slabproof::model {

/// The elements [first, last) of a sequence.
struct Stretch {
  std::size_t first = 0;
  std::size_t last = 0;

  friend constexpr bool operator==(const Stretch&, const Stretch&) = default;
};

/// The stretches of a sequence of `count` elements to try to leave out, the longest first: all of
/// it, each half, each quarter, and so on, at last each element alone. The order is that of delta
/// debugging (Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002).
[[nodiscard]] inline std::vector<Stretch> stretches_to_leave_out(std::size_t count) {
  std::vector<Stretch> stretches;
  for (std::size_t length = count; length > 0; length /= 2) {
    for (std::size_t first = 0; first < count; first += length) {
      stretches.push_back({first, std::min(first + length, count)});
    }
  }
  return stretches;
}

/// What is left of a container without a stretch of it.
template <class Container>
[[nodiscard]] Container without(Container container, Stretch stretch) {
  const auto begin = container.begin();
  container.erase(begin + static_cast<std::ptrdiff_t>(stretch.first),
                  begin + static_cast<std::ptrdiff_t>(stretch.last));
  return container;
}

/// Makes `value`, which fails, simpler as long as it fails: the first of `simpler(value)` for which
/// `fails` is true takes its place, until there is none. Returns the number of candidates tried.
/// Ends if each candidate is simpler in a well-founded order.
template <class Value, class Simpler, class Fails>
std::size_t shrink(Value& value, Simpler&& simpler, Fails&& fails) {
  std::size_t tries = 0;
  for (bool progress = true; progress;) {
    progress = false;
    for (Value& candidate : simpler(std::as_const(value))) {
      ++tries;
      if (!fails(std::as_const(candidate))) continue;
      value = std::move(candidate);
      progress = true;
      break;
    }
  }
  return tries;
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_SHRINK_H_
