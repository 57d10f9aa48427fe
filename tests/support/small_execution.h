#ifndef SLABPROOF_TESTS_SUPPORT_SMALL_EXECUTION_H_
#define SLABPROOF_TESTS_SUPPORT_SMALL_EXECUTION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "model/search/execution.h"
#include "model/search/limits.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {

/// Runs a small program under a sync policy and writes down what each thread reads, without a use
/// of the heap while the threads run.
template <class Sync>
class SmallExecution : public model::Execution {
 public:
  explicit SmallExecution(SmallProgram program) : program_(std::move(program)) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.size(); }

  void before() override {
    for (Reads& reads : reads_) reads.count = 0;
    state_ = ::new (static_cast<void*>(memory_)) State();
  }

  void thread(std::size_t index) override {
    for (const Instruction& each : program_[index]) {
      run(index, each);
      has_run(index, each);
    }
  }

  void after() override {
    std::size_t next = 0;
    for (auto& atomic : state_->atomics) final_[next++] = atomic.load(std::memory_order::relaxed);
    for (auto& variable : state_->variables) final_[next++] = variable.read();
    std::destroy_at(state_);
  }

  /// Of an execution that has run to its end; see `outcome_text`.
  [[nodiscard]] std::string outcome() const {
    std::vector<std::vector<unsigned>> values;
    for (std::size_t i = 0; i < program_.size(); ++i) {
      const auto begin = reads_[i].values.begin();
      values.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(reads_[i].count));
    }
    return outcome_text(values, final_);
  }

 protected:
  /// Called after each operation. It must not use the heap, nor what the program uses.
  virtual void has_run(std::size_t /*thread*/, const Instruction& /*instruction*/) {}

 private:
  using Atomic = typename Sync::template Atomic<std::uint8_t>;
  using Var = typename Sync::template Var<std::uint8_t>;

  static constexpr std::size_t kMaxReads = 32;

  struct State {
    std::array<Atomic, kSmallAtomics> atomics{Atomic{0}, Atomic{0}, Atomic{0}, Atomic{0}};
    std::array<typename Sync::Mutex, kSmallMutexes> mutexes;
    std::array<Var, kSmallVariables> variables{Var{0}, Var{0}};
  };
  struct Reads {
    std::array<unsigned, kMaxReads> values{};
    std::size_t count = 0;
  };

  void got(std::size_t thread, unsigned value) {
    Reads& reads = reads_[thread];
    reads.values.at(reads.count++) = value;
  }

  void run(std::size_t thread, const Instruction& each) {
    using Kind = Instruction::Kind;
    const std::uint8_t object = each.object;
    switch (each.kind) {
      case Kind::kLoad:
        return got(thread, state_->atomics[object].load(each.order));
      case Kind::kStore:
        return state_->atomics[object].store(each.value, each.order);
      case Kind::kFetchAdd:
        return got(thread, state_->atomics[object].fetch_add(each.value, each.order));
      case Kind::kExchange:
        return got(thread, state_->atomics[object].exchange(each.value, each.order));
      case Kind::kWeakCas:
      case Kind::kStrongCas:
        return got(thread, compare_exchange(each));
      case Kind::kFence:
        return Sync::fence(each.order);
      case Kind::kLock:
        return state_->mutexes[object].lock();
      case Kind::kUnlock:
        return state_->mutexes[object].unlock();
      case Kind::kRead:
        return got(thread, state_->variables[object].read());
      case Kind::kWrite:
        state_->variables[object].write() = each.value;
        return;
      case Kind::kPause:
        return Sync::pause();
      case Kind::kAwait:
        return await([&] { return state_->atomics[object].load(each.order) == each.value; });
    }
  }

  template <class Predicate>
  static void await(Predicate ready) {
    if constexpr (requires { Sync::await(ready); }) {
      Sync::await(ready);
    } else {
      while (!ready()) Sync::pause();
    }
  }

  unsigned compare_exchange(const Instruction& each) {
    Atomic& atomic = state_->atomics[each.object];
    auto expected = static_cast<std::uint8_t>(each.value - 1);
    const bool done =
        each.kind == Instruction::Kind::kWeakCas
            ? atomic.compare_exchange_weak(expected, each.value, each.order, each.failure)
            : atomic.compare_exchange_strong(expected, each.value, each.order, each.failure);
    return done ? kExchanged : expected;
  }

  SmallProgram program_;
  std::array<Reads, model::kMaxThreads> reads_;
  std::array<unsigned, kSmallAtomics + kSmallVariables> final_{};
  State* state_ = nullptr;
  alignas(State) std::byte memory_[sizeof(State)];
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SMALL_EXECUTION_H_
