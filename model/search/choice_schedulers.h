#ifndef SLABPROOF_MODEL_SEARCH_CHOICE_SCHEDULERS_H_
#define SLABPROOF_MODEL_SEARCH_CHOICE_SCHEDULERS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/search/schedule.h"
#include "model/search/scheduler.h"

namespace slabproof::model {

/// Every choice at random, all alternatives equally likely.
class RandomScheduler final : public Scheduler {
 public:
  explicit RandomScheduler(std::uint64_t seed) noexcept : state_(seed) {}

  void begin() override {}
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override { return below(count); }
  [[nodiscard]] bool advance() override { return true; }

 private:
  [[nodiscard]] std::size_t below(std::size_t limit) noexcept;

  std::uint64_t state_;
};

/// Choices from a byte string, one byte where there are alternatives. When the bytes are used up,
/// the running thread goes on for as long as it can, and loads read the newest store.
class BytesScheduler final : public Scheduler {
 public:
  explicit BytesScheduler(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  void begin() override { next_ = 0; }
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool advance() override { return false; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t next_ = 0;
};

/// The choices of a recorded execution. Where they end, the execution goes on as with no bytes.
class ReplayScheduler final : public Scheduler {
 public:
  explicit ReplayScheduler(std::span<const Choice> choices) noexcept : choices_(choices) {}

  [[nodiscard]] bool starts_threads_first() const override { return false; }
  [[nodiscard]] bool never_blocks() const override { return false; }
  [[nodiscard]] bool has_more() const override {
    return next_ != choices_.size() || mismatch_ != nullptr;
  }
  void begin() override {
    next_ = 0;
    mismatch_ = nullptr;
  }
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool advance() override { return false; }

 private:
  std::size_t refuse(const char* what, const SchedulingPoint& at);

  std::span<const Choice> choices_;
  std::size_t next_ = 0;
  const char* mismatch_ = nullptr;  // of the first choice, while there is no execution to abandon
};

/// A schedule that may be none of the program's: a choice that cannot be is passed over, and a
/// value that is not there is that of the newest write. It ends as a recorded one does.
class AdaptingScheduler final : public Scheduler {
 public:
  explicit AdaptingScheduler(std::span<const Choice> choices) noexcept : choices_(choices) {}

  [[nodiscard]] bool starts_threads_first() const override { return false; }
  [[nodiscard]] bool never_blocks() const override { return false; }
  [[nodiscard]] bool has_more() const override { return next_ < choices_.size(); }
  void begin() override { next_ = 0; }
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool advance() override { return false; }

 private:
  std::span<const Choice> choices_;
  std::size_t next_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_CHOICE_SCHEDULERS_H_
