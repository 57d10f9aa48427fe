#ifndef SLABPROOF_MODEL_SEARCH_REPEATED_READ_H_
#define SLABPROOF_MODEL_SEARCH_REPEATED_READ_H_

#include <cstdint>
#include <source_location>

namespace slabproof::model {

/// Sees that a thread reads the same object at the same place again and again, without a pause and
/// without an effect: then it is worth a look whether it waits.
class RepeatedRead {
 public:
  /// The thread has paused, or has done something that others may notice.
  void forget() noexcept { object_ = nullptr; }
  /// The thread is about to read; true if it has read there often enough.
  [[nodiscard]] bool reaches(const void* object, const std::source_location& where) noexcept {
    if (object == object_ && where.line() == line_ && where.column() == column_ &&
        where.file_name() == file_) {
      others_ = 0;
      return ++repeats_ >= kEnough;
    }
    // A round of a wait may read other objects as well.
    if (object_ != nullptr && ++others_ < kLongestRound) return false;
    object_ = object;
    file_ = where.file_name();
    line_ = where.line();
    column_ = where.column();
    repeats_ = 0;
    others_ = 0;
    return false;
  }

 private:
  static constexpr unsigned kEnough = 2;
  static constexpr unsigned kLongestRound = 16;

  const void* object_ = nullptr;
  const char* file_ = nullptr;
  std::uint_least32_t line_ = 0;
  std::uint_least32_t column_ = 0;
  unsigned repeats_ = 0;
  unsigned others_ = 0;  // since the last of them
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_REPEATED_READ_H_
