#ifndef SLABPROOF_MODEL_STATES_CANONICAL_STATE_H_
#define SLABPROOF_MODEL_STATES_CANONICAL_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/runtime/live_objects.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/scheduler.h"
#include "model/states/knowledge.h"
#include "model/states/state_options.h"
#include "model/states/state_words.h"
#include "model/states/thread_order.h"

namespace slabproof::model {

/// The state of the execution that runs, where all threads stand at points, as a sequence of words.
/// Two states with the same words go on alike, up to the names of interchangeable threads and of
/// regions of memory; why is in proofs/states.md. States that go on alike may have different words.
class CanonicalState {
 public:
  explicit CanonicalState(const StateOptions& options);

  enum class Told : std::uint8_t {
    kWhole,
    kFailed,   ///< the program says that the execution has failed
    kUnknown,  ///< see `why_unknown`
  };
  Told take(const SchedulingPoint& at);
  [[nodiscard]] std::string_view why_unknown() const noexcept { return why_unknown_; }

  [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }
  /// Of threads that could swap their names, and nothing would change, one each: what follows a
  /// step of one follows a step of the other.
  [[nodiscard]] ThreadSet without_doubles(ThreadSet enabled) const;

 private:
  /// Where the words go that the program tells.
  class Sink final : public StateSink {
   public:
    explicit Sink(CanonicalState& state) : state_(state) {}
    void number(std::uint64_t number) override { state_.put_number(number); }
    void address(const void* address) override {
      state_.put_value(reinterpret_cast<std::uint64_t>(address));
    }
    void thread(std::size_t thread) override { state_.into_->thread(thread); }

   private:
    CanonicalState& state_;
  };

  /// A region of memory, as it was met.
  struct Region {
    std::uintptr_t base;
    std::size_t size;
    bool is_released;
    bool is_of_pool;                           ///< once it is shared
    bool is_in_pool;                           ///< it is
    std::uint32_t name;                        ///< kUnnamed until it is met
    std::size_t met_by;                        ///< a thread, or kMaxThreads
    std::vector<const ObjectRecord*> objects;  ///< alive in it, by address
  };
  static constexpr std::uint32_t kUnnamed = 0xffff'ffff;
  /// Names of regions that one thread alone can reach begin here, anew for each thread.
  static constexpr std::uint32_t kFirstOwnName = 1 << 20;
  static constexpr std::size_t kMostStackBytes = std::size_t{192} << 10;
  static constexpr std::size_t kCallerBytes = 8192;  ///< of the stack above that
  static_assert(kMostStackBytes % kCallerBytes == 0, "so that their words differ");
  /// A value that is larger is compared as it is.
  static constexpr std::size_t kMostBytes = 4096;

  [[nodiscard]] std::optional<std::string_view> unseen() const;
  void collect(const StateOfProgram& program);
  Told put_all(StateOfProgram& program);
  void sort_objects();
  void find_thread_memory(const StateOfProgram& program);
  [[nodiscard]] Region* region_of(std::uintptr_t address);
  void begin_words(StateWords& words, std::size_t owner);

  bool put_shared(StateOfProgram& program);
  void put_thread(std::size_t thread, StateOfProgram& program);
  void put_stack(std::size_t thread);
  void put_regions_met();
  void meet_in_pool(Region& region);
  void set_apart(const Region& region);
  std::size_t put_pool();
  void put_region_of_pool(const Region& region);
  void list_pool_addresses(std::uint32_t from, const ObjectRecord& object);
  [[nodiscard]] std::size_t missed_from(std::uint32_t head) const;
  [[nodiscard]] const std::byte* canonical_value(const ObjectRecord& object, std::byte* copy) const;
  void put_object(const ObjectRecord& object);
  void put_race(const RaceCell& race);
  [[nodiscard]] bool is_known_to_all(const RaceCell& race) const;
  [[nodiscard]] bool is_known_to_all(const Region& region) const;
  void put_granules(const Region& region);
  void put_memory(const std::byte* begin, std::size_t size);
  /// A word that may be an address.
  void put_value(std::uint64_t word);
  bool put_as_place(std::uint64_t word);
  [[nodiscard]] std::uint64_t meaning_of(Region& region, std::uint64_t address);
  bool put_as_thread_memory(std::uint64_t word);
  void put_number(std::uint64_t number) { into_->number(number); }

  void order_threads();
  void append_all(StateOfProgram& program);
  [[nodiscard]] std::uint64_t leaked_regions() const;

  const StateOptions options_;
  Sink sink_{*this};
  const SchedulingPoint* at_ = nullptr;
  std::size_t threads_ = 0;
  std::string_view why_unknown_;

  std::vector<const ObjectRecord*> variables_;
  std::vector<const ObjectRecord*> roots_;  ///< variables that lie in no region
  std::vector<LiveMutex> mutexes_;
  std::vector<Region> regions_;  ///< by address; only the first `region_count_` are of this state
  std::size_t region_count_ = 0;
  /// Addresses that stand for the same in each thread.
  struct ThreadMemory {
    std::uintptr_t begin;
    std::size_t size;
    std::uint64_t kind;
    std::size_t thread;
  };
  std::vector<ThreadMemory> thread_memory_;
  std::uintptr_t thread_memory_begin_ = 0;
  std::uintptr_t thread_memory_end_ = 0;
  std::vector<std::uint32_t> met_;             ///< regions whose contents are still to be told
  std::vector<std::uint32_t> pool_;            ///< regions of the pool, as they were met
  std::vector<std::uint64_t> pool_addresses_;  ///< that lie in it, and lead out of it
  std::vector<std::uint32_t> pool_heads_;      ///< in `pool_`, to whose beginnings others lead
  /// From one region of the pool, by its place in `pool_`, to another.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pool_links_;
  std::vector<std::uintptr_t> apart_;  ///< regions that could be in it, and are not
  bool has_entered_pool_ = false;      ///< a thread's own words lead into it
  std::uint32_t next_name_ = 0;
  bool has_crossed_ = false;  ///< two threads reach a region that is not shared otherwise
  bool is_crossing_ = false;  ///< and so names go on from thread to thread
  Knowledge knowledge_;

  std::size_t owner_ = kMaxThreads;  ///< whose words are made
  StateWords* into_ = nullptr;
  StateWords shared_;
  std::array<StateWords, kMaxThreads> of_threads_;
  ThreadOrder order_;
  std::vector<StateWords::Load> loads_;
  std::vector<std::uint64_t> words_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_CANONICAL_STATE_H_
