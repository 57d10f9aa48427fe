#ifndef SLABPROOF_MODEL_STATES_STATE_WORDS_H_
#define SLABPROOF_MODEL_STATES_STATE_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/search/limits.h"
#include "model/states/knowledge.h"
#include "model/states/thread_order.h"

namespace slabproof::model {

/// A part of a state as words: what belongs to one thread, or to none. Where a word says which
/// threads are meant, it is kept apart, so that it can be read under any names of threads.
class StateWords {
 public:
  struct Load {
    std::size_t thread;
    Knowers knowers;
  };

  /// `owner`: the thread that it belongs to, or kMaxThreads.
  void begin(std::size_t owner) {
    owner_ = owner;
    words_.clear();
    names_.clear();
    loads_.clear();
  }
  void number(std::uint64_t number) { words_.push_back(number); }
  void thread(std::size_t thread) {
    names_.push_back({size(), Name::Kind::kThread, thread, 0});
    words_.push_back(thread == owner_ ? 1 : 0);
  }
  void knowers(Knowers knowers);
  /// The last load of each thread since a store.
  void loads(const std::vector<Load>& loads);

  /// Adds the words under the names that `order` gives to threads.
  void append_to(std::vector<std::uint64_t>& words, const ThreadOrder& order) const;

  /// The words without what tells threads apart, but for the owner from all others.
  [[nodiscard]] const std::vector<std::uint64_t>& neutral() const noexcept { return words_; }
  /// Which of the places where threads are named mean this one.
  [[nodiscard]] std::uint64_t digest_of_mentions(std::size_t thread) const;
  /// Whether the words stay the same where two threads swap their names.
  [[nodiscard]] bool tells_apart(std::size_t a, std::size_t b) const;
  /// Whether these words of `a` are those of `b` where the two swap their names.
  [[nodiscard]] static bool are_alike(const StateWords& of_a, const StateWords& of_b);

 private:
  /// A word that names threads.
  struct Name {
    enum class Kind : std::uint8_t { kThread, kKnowers, kLoads };
    std::uint32_t at;
    Kind kind;
    std::uint64_t value;  ///< the thread; the set; the first of the loads
    std::uint32_t count;  ///< of loads
  };
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size()); }

  std::size_t owner_ = kMaxThreads;
  std::vector<std::uint64_t> words_;
  std::vector<Name> names_;
  std::vector<Load> loads_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_STATE_WORDS_H_
