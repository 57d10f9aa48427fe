#ifndef SLABPROOF_MODEL_SLAB_PROGRAM_EXECUTION_H_
#define SLABPROOF_MODEL_SLAB_PROGRAM_EXECUTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/slab/any_slab.h"
#include "model/slab/follower.h"
#include "model/slab/history.h"
#include "model/slab/slab_event.h"
#include "model/slab/slab_sync.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// How executions on a slab are run: the slab may not allocate under its lock (property S5).
[[nodiscard]] RunSettings slab_run_settings();

/// Runs a program of the program language on a slab, and records what it does. Of a shared slab,
/// and where something follows its history, it tells its state.
///
/// Every block that a thread gets carries a checked variable of its own, written at once with a
/// value that no other block has, and read back before the block goes on to another thread or to
/// the slab: so two owners of one block race with each other (property S1 by way of S8). A gift
/// between threads passes through an atomic that orders the taker after the giver and nothing else.
///
/// When the threads have finished, everything is given back and a census is taken: how many blocks
/// can be had without growth, and whether the slab's destruction releases all memory.
///
/// On a slab with caches a bad pointer may be handed out, which is the error of who gave it: it is
/// counted, and used no further. A block that an owner does not take any more is its thread's
/// again.
class ProgramExecution final : public Execution, private StateOfProgram {
 public:
  using Judge = std::function<std::optional<Violation>(const History&)>;

  /// The slab under check must outlive this. Requires 1 to kMaxThreads threads.
  ProgramExecution(AnySlab& slab, Program program, const SlabSetup& setup);

  /// Judges each complete history; without one, only what the execution itself finds counts.
  void set_judge(Judge judge) { judge_ = std::move(judge); }
  /// Follows each history that a search compares states of. It must outlive this.
  void set_follower(Follower& follower) { follower_ = &follower; }
  /// What the judge found in the last execution; nothing where an event stopped it.
  [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

  [[nodiscard]] Setting setting() const;
  [[nodiscard]] const Program& program() const noexcept { return program_; }
  /// Of the last execution.
  [[nodiscard]] const History& history() const noexcept { return *history_; }
  /// A class for each thread, equal for threads that are interchangeable: they run the same
  /// operations, and no operation of the program names a thread.
  [[nodiscard]] std::vector<std::uint8_t> symmetry_class() const;

  [[nodiscard]] std::size_t thread_count() const override { return program_.threads.size(); }
  void before() override;
  void thread(std::size_t index) override;
  void after() override;
  [[nodiscard]] std::optional<Failure> judge() override;
  void acquired(std::size_t thread, std::uint16_t mutex) override;
  void region_event(const RegionEvent& event) override;
  [[nodiscard]] StateOfProgram* state() override;

 private:
  /// What a block holds while it is in use.
  struct Contents {
    using NamesItsThread = void;
    std::uint64_t value;
  };
  using Payload = SlabSync::Var<Contents>;

  /// The lock of a shared slab: its construction comes first, and makes that before all else. The
  /// critical sections of other mutexes are not steps of the specification.
  static constexpr std::uint16_t kSlabMutex = 0;

  /// Who holds a gift that was not received.
  static constexpr std::size_t kNobody = kMaxThreads;

  /// A block that a thread holds, with the value that its payload must have.
  struct Held {
    BlockView piece;
    std::uint64_t value = 0;
  };
  static constexpr std::size_t kMaxHeld = kMaxOpsPerThread * kMaxBatch;

  /// Gifts from one thread to another, oldest first.
  struct Channel {
    std::array<Held, kMaxOpsPerThread> gifts;
    std::uint32_t given = 0;  // the giver's, who then tells it by `sent`
    std::uint32_t taken = 0;  // the receiver's
    alignas(
        SlabSync::Atomic<std::uint32_t>) std::byte sent[sizeof(SlabSync::Atomic<std::uint32_t>)];
    bool used = false;  // by the program
  };

  struct ThreadState {
    std::array<Held, kMaxHeld> held;
    std::size_t held_count = 0;
    void* last_freed = nullptr;
    std::byte* last_seen = nullptr;  // a block that it once had
    /// Blocks that it gives back, until it has the lock.
    std::span<void* const> returns;
    void* frees_again = nullptr;  // while it is at that
    std::uint8_t op = 0;          // the operation that it is at
    std::uint32_t sections = 0;   // of that operation so far
    BatchInProgress batch;        // that it is allocating, if it is
    std::uint64_t next_value = 0;
  };

  void run(std::size_t thread, Op op, OpRecord& record);
  void allocate(std::size_t thread, Op op, OpRecord& record);
  void free_one(std::size_t thread, std::size_t position, OpRecord& record);
  void free_all(std::size_t thread, OpRecord& record);
  void offer_bad_pointer(void* pointer, OpRecord& record);
  void free_again(std::size_t thread, OpRecord& record);
  [[nodiscard]] std::string holder_of(const void* block) const;
  void refuse_free_of_live_block(std::size_t thread);
  void give(std::size_t thread, std::size_t receiver, OpRecord& record);
  void take(std::size_t thread, OpRecord& record);

  void keep_taken_back(std::size_t thread);
  [[nodiscard]] bool is_held(const std::byte* block) const;
  [[nodiscard]] bool is_bad(const std::byte* pointer) const;
  void begin_use(ThreadState& state, std::size_t thread, Held& held);
  void end_use(std::size_t thread, const Held& held);
  void note_block(OpRecord& record, const BlockView& piece);
  static void trace_section();
  static void trace_region(const RegionEvent& region);
  static void trace_operation(std::size_t thread, const Op& op);
  static void trace_owner(SlabEvent change, std::size_t thread, const std::byte* block,
                          std::source_location where = std::source_location::current());
  [[nodiscard]] Channel& channel(std::size_t giver, std::size_t receiver) {
    return channels_[giver * kMaxThreads + receiver];
  }
  [[nodiscard]] static SlabSync::Atomic<std::uint32_t>& sent(Channel& channel);
  [[nodiscard]] OpId present_op(std::size_t thread) const;

  template <class Call>
  auto on_slab(Call call);
  bool append_shared(StateSink& sink) override;
  void append_thread(std::size_t thread, StateSink& sink) override;
  [[nodiscard]] bool is_of_pool(std::uint32_t tag, std::size_t size) const override;
  [[nodiscard]] std::uint32_t progress() const override;
  [[nodiscard]] std::span<const std::byte> owned(std::size_t thread) const override {
    return std::as_bytes(std::span(&threads_[thread], 1));
  }
  [[nodiscard]] bool follow();
  [[nodiscard]] bool note_unfinished(std::size_t thread);

  void take_rest();
  void give_everything_back();
  void take_census();

  AnySlab& slab_;
  const SlabTraits traits_;
  const Program program_;
  const SlabSetup setup_;
  Judge judge_;
  Follower* follower_ = nullptr;
  std::optional<Violation> violation_;
  std::unique_ptr<History> history_ = std::make_unique<History>();
  std::vector<ThreadState> threads_;
  std::vector<Channel> channels_;  // empty where the program gives nothing
  std::vector<BlockView> drained_;
  std::vector<void*> returned_;
  std::vector<const std::byte*> bad_pointers_;  // that a cache may hand out
  std::uint64_t regions_mapped_ = 0;
  bool in_epilogue_ = false;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_PROGRAM_EXECUTION_H_
