#ifndef SLABPROOF_MODEL_SLAB_STEP_TRACE_H_
#define SLABPROOF_MODEL_SLAB_STEP_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/program/program.h"
#include "model/slab/history.h"

namespace slabproof::model {

/// Writes executions of one program as steps of the proved transition system (proofs/coq/System.v),
/// one critical section a line, in the format that `check_trace` judges (proofs/coq/README.md).
///
/// A step says what the code was seen to do: which blocks each section of an allocation put into
/// the caller's array, which region it kept, let go or was refused, which segment a trim discarded.
/// No oracle and no reference is asked, so what the code does wrong is written down as it was done.
/// A section that is not a step at all becomes the line `unknown THREAD`, which `check_trace`
/// rejects.
///
/// Two things are not observed but follow. The length that a grower remembers is the number of
/// segments that were installed so far; if the code remembers another, its next look is in other
/// places. A gift, which takes no lock, is written as soon as its giver has done all that comes
/// before it.
///
/// Left out, since the system has no step for it: sections that change nothing (a bad pointer, a
/// query, a look that finds nothing and after which the thread waits for a growth or a trim). Not
/// thread safe. Allocates nothing once it has held the longest execution.
class StepTrace {
 public:
  /// `setting` and `program` are those of all executions.
  StepTrace(const Setting& setting, const Program& program);

  /// Appends the lines of one complete execution, from `slab` to `end`. A history that overflowed
  /// is left out: it has lost sections.
  void append(const History& history, std::string& text);

  /// Appends what is known of an execution that a violation stopped: from `slab`, up to the first
  /// section of an operation that did not return, to `stopped`.
  void append_stopped(const History& history, std::string& text);

 private:
  struct Thread {
    std::array<const OpRecord*, kMaxOpsPerThread> records;
    std::array<std::uint16_t, kMaxOpsPerThread> sections;  ///< of each operation
    std::size_t op = 0;                                    ///< all before it are written
    std::uint16_t done = 0;                                ///< sections of `op` that are written
    bool has_started = false;                              ///< the first step of `op` is written
    std::size_t written = 0;             ///< the stamp of the last section that is a step of `op`
    std::optional<std::size_t> claimed;  ///< the segment that its trim holds
  };

  /// What one thread did without the lock between two of its sections.
  struct Between {
    std::optional<std::uintptr_t> granted;  ///< the base of a segment
    bool kept = false;                      ///< it was not released later on
    bool refused = false;
    bool repeated = false;  ///< several segments were granted
    std::optional<std::uintptr_t> discarded;

    [[nodiscard]] bool has_request() const { return granted.has_value() || refused; }
  };

  /// Slots that callers hold, and those with what trims hold.
  struct Live {
    std::uint64_t live = 0;
    std::uint64_t with_trims = 0;
  };

  struct Gift {
    std::uintptr_t block;
    std::uint8_t receiver;
  };

  static constexpr std::size_t kNoStamp = History::kMaxAcquisitions;

  void begin(const History& history, std::string& text);
  void adopt_records();
  void link_sections();
  void write_heading();
  void section(std::size_t stamp, const OpRecord& record);
  void allocation(std::size_t stamp, const OpRecord& record, bool is_last);
  [[nodiscard]] bool waits(std::size_t stamp, std::span<const BlockEvent> taken) const;
  void growth(std::size_t stamp, const OpRecord& record, std::span<const BlockEvent> blocks,
              bool is_last);
  void count_live(std::uint64_t more);
  void count_with_trims(std::uint64_t more);
  void trim(std::size_t stamp, std::uint8_t thread);
  void settle_gifts();
  bool finish_operation(std::size_t thread);
  [[nodiscard]] Between between(OpId op, std::size_t after, std::size_t before) const;

  void word(std::string_view text);
  void number(std::uint64_t value);
  void digits(std::uint64_t value);
  void observed(bool is_last);
  void block(const BlockEvent& block);
  void blocks(std::span<const BlockEvent> blocks);
  void line(std::string_view step, std::uint64_t thread);
  void unknown(std::uint64_t thread);
  [[nodiscard]] std::optional<std::size_t> segment_of(std::uintptr_t address) const;

  const Setting setting_;
  const Program program_;
  std::size_t greatest_batch_ = 1;

  const History* history_ = nullptr;
  std::string* text_ = nullptr;
  std::vector<std::uintptr_t> segments_;  ///< bases, in the order of their installation
  std::vector<Gift> gifts_;               ///< given and not yet taken
  Live now_;
  Live greatest_;
  std::array<Thread, kMaxThreads> threads_;
  std::array<std::uint16_t, History::kMaxAcquisitions> next_;  ///< stamp of the operation's next
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_STEP_TRACE_H_
