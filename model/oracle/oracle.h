#ifndef SLABPROOF_MODEL_ORACLE_ORACLE_H_
#define SLABPROOF_MODEL_ORACLE_ORACLE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/oracle/measures.h"
#include "model/oracle/reference_slab.h"
#include "model/oracle/slot_table.h"
#include "model/program/program.h"
#include "model/slab/follower.h"
#include "model/slab/history.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// Judges what executions of one program on a shared slab did by the properties of the catalogue.
///
/// The lock acquisitions of an execution, in their order, are replayed on a `ReferenceSlab`; what
/// each operation was seen to do must be what its sections do there. Nothing is compared by the
/// moment at which it was recorded: a search that explores one linearization of each class leaves
/// only the order of critical sections, and what one thread did between two of its own, to rely on.
///
/// | property | what is judged |
/// |---|---|
/// | S1 | no block is handed out while it is live |
/// | S2 | each block is one slot of one installed segment, aligned, with the full stride |
/// | S3 | no installed segment is released; only what a trim has claimed is discarded |
/// | S4 | when all blocks are back, segments x capacity distinct ones drain without growth |
/// | S6, S7 | growth is exact with `recheck_all`, else within `over_growth_bound`; trims or not |
/// | S9, S10 | no corrupt link; each bad pointer is counted and changes nothing |
/// | S11 | each region that was granted is installed or released |
/// | S12 | each section does what the reference does; each answer is that of its section |
/// | L2 | lock acquisitions and backing requests of an allocation |
/// | L3 | an allocation falls short only if refused, with every slot live at its last look |
///
/// At that look no trim holds a segment; where the allocation has nothing, each growth has ended
/// that was in flight when it was refused.
///
/// Data races, ownership by happens-before, and objects that are alive in a region that is released
/// (S11 too) are the checked memory's to judge, not this one's.
/// Not thread safe. Without a violation `judge` allocates nothing.
class Oracle final : public Follower {
 public:
  /// Throws std::invalid_argument for a capacity, stride or alignment of 0 and for a program that
  /// is not well formed.
  Oracle(const Setting& setting, const Program& program);

  /// What `history` violates first, in the order of critical sections. A history that outgrew its
  /// arrays is `HistoryStatus::kTooLong`; one that no slab can have made is `kImpossible`.
  [[nodiscard]] std::optional<Violation> judge(const History& history);

  // Judges what has happened so far; see `Follower`. Violations of a history that was followed are
  // not told: it is judged when it is whole.
  [[nodiscard]] bool follow(const History& history) override;
  void append_shared(StateSink& sink) const override;
  void append_thread(std::size_t thread, StateSink& sink) const override;

  /// Of the last history that was judged to hold.
  [[nodiscard]] const Measures& measures() const { return measures_; }

 private:
  /// What an allocation did between two of its sections.
  struct Requests {
    bool segment = false;
    bool directory = false;
    bool directory_granted = false;
    bool refused = false;
  };

  /// A critical section of an operation.
  struct Moment {
    OpId op = kNoOp;  ///< of construction where it is `kNoOp`
    std::size_t stamp = 0;
  };

  /// Where an allocation found what it took.
  struct Room {
    std::uint32_t segment = 0;
    Moment since;  ///< from then on there was always a free slot
  };

  /// Why an operation that kept a segment should not have installed it.
  struct Needless {
    std::string reason;           ///< goes on after "installed a segment"
    std::optional<Moment> other;  ///< what made it needless
  };

  /// An operation that ended with a segment that it should have released.
  struct Leak {
    OpId op;
    Needless why;
  };

  /// One thread of the replay.
  struct Thread {
    std::uint8_t op = 0;    ///< all operations before this one are finished
    bool started = false;   ///< a section of `op` was replayed
    bool finished = false;  ///< the last one was
    bool refused = false;   ///< some request of `op` was refused
    Requests requests;
    std::optional<Region> segment;  ///< granted to `op`, neither installed nor released so far
    std::uint16_t blocks = 0;       ///< blocks of `op` that were replayed
    std::uint64_t discarded = 0;    ///< bytes
    std::optional<Room> room;       ///< of the last section of `op` that took a block
    std::size_t claimed_at = 0;     ///< the section in which a trim claimed what it holds
    ReferenceSlab::Allocation allocation;  ///< of `op`; done where that is no allocation
    ReferenceSlab::Trim trim;

    std::vector<const OpRecord*> records;     ///< by operation
    std::vector<const BackingEvent*> events;  ///< in the order of the thread
    std::size_t next_event = 0;
  };

  static void enter(Thread& thread, std::uint8_t op);

  // Each of these that is a bool is false if it has put a violation into `violation_`.
  bool begin(const History& history, bool is_whole = true);
  bool adopt_records(bool is_whole);
  bool adopt_events();
  bool replay();
  bool replay_sections();
  bool replay_section(std::size_t stamp);
  bool replay_operation(Thread& thread, const OpRecord& record);
  bool replay_events(Thread& thread, std::size_t stamp);
  bool replay_request(Thread& thread, const BackingEvent& event);
  bool replay_release(Thread& thread, const BackingEvent& event);
  bool replay_discard(Thread& thread, const BackingEvent& event);
  bool advance_to(Thread& thread, std::size_t op);
  bool replay_allocation(Thread& thread, const OpRecord& record);
  bool finish_allocation(const Thread& thread, const OpRecord& record);
  bool hand_out(Thread& thread, const OpRecord& record, std::uint32_t segment);
  bool replay_free(const OpRecord& record);
  void make_room(std::uint32_t segment);
  bool replay_bad_pointer(const OpRecord& record);
  bool replay_query(const OpRecord& record);
  void replay_trim(Thread& thread);
  bool finish_trim(const Thread& thread, const OpRecord& record);
  bool judge_growth();
  bool judge_census();

  // Why the replay could not go on. Each is false, for its caller to return.
  bool fail(std::string_view property, std::optional<OpId> first, std::string message,
            std::optional<OpId> other = std::nullopt);
  bool fail(HistoryStatus status, std::optional<OpId> first, std::string message,
            std::optional<OpId> other = std::nullopt);
  bool fail_block(const OpRecord& record, const BlockEvent& block, SlotTable::Fault fault);
  bool fail_unfinished(const Thread& thread, const OpRecord& record);
  bool fail_needless_growth(const BackingEvent& grant);
  bool fail_leak(std::string_view property, std::string message);

  [[nodiscard]] Needless why_needless(OpId op) const;
  [[nodiscard]] Needless why_needless_now(const Thread& thread) const;
  [[nodiscard]] Needless waits_for_trim() const;
  [[nodiscard]] std::string_view what_was_refused(OpId op) const;
  [[nodiscard]] bool is_kept(const BackingEvent& grant) const;
  [[nodiscard]] const BackingEvent* kept_grant_of(OpId op) const;
  [[nodiscard]] const BackingEvent* stray_segment_of(const BlockEvent& block) const;
  [[nodiscard]] std::optional<std::size_t> install_of(const BackingEvent& grant) const;
  [[nodiscard]] std::string name(OpId op) const;

  const Setting setting_;
  const Program program_;
  const History* history_ = nullptr;
  ReferenceSlab reference_;
  SlotTable slots_;
  const std::uint64_t allowed_over_growth_;
  std::array<Thread, kMaxThreads> threads_;
  std::uint64_t refused_pointers_ = 0;
  std::vector<Moment> room_since_;      ///< by segment; means nothing where there is no room
  std::optional<std::size_t> section_;  ///< that is replayed
  std::optional<Leak> leak_;  ///< of the first operation that neither installed nor released one
  std::optional<Violation> violation_;
  Measures measures_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_ORACLE_H_
