#ifndef SLABPROOF_FUZZ_ENGINE_LANDMARKS_H_
#define SLABPROOF_FUZZ_ENGINE_LANDMARKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slabproof::fuzz {

/// A named situation that an input can lead to, such as "a batch that the backing cut short". How
/// often it was reached is coverage to libFuzzer, beside the edges of the code: an input that
/// reaches a situation more often, or a new one, is kept. The name is for the table of the corpus.
///
/// Define landmarks at namespace scope; at most `kMaxLandmarks` in a program.
class Landmark {
 public:
  explicit Landmark(std::string_view name);
  Landmark(const Landmark&) = delete;
  Landmark& operator=(const Landmark&) = delete;

  void reach() const noexcept;

 private:
  std::size_t number_;
};

inline constexpr std::size_t kMaxLandmarks = 64;

/// Coverage without a name, for what has too many values: a situation is any number, of which the
/// low bits count. How often it is reached does not matter, or nearly every input would be new.
void reach_situation(std::uint64_t situation) noexcept;

/// Forgets what was reached. libFuzzer does so itself before each input.
void forget_landmarks() noexcept;

/// The names of what was reached since, in order of definition.
[[nodiscard]] std::vector<std::string> reached_landmarks();

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_ENGINE_LANDMARKS_H_
