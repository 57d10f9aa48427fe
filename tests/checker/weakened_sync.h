#ifndef SLABPROOF_TESTS_CHECKER_WEAKENED_SYNC_H_
#define SLABPROOF_TESTS_CHECKER_WEAKENED_SYNC_H_

#include <atomic>
#include <cstdint>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/source_place.h"

namespace slabproof::testing {

/// One memory order of one operation in the source.
struct OrderSite {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string function;
  std::string operation;  ///< such as "exchange"; "failure of ..." for the order of one that fails
  std::memory_order order = std::memory_order::relaxed;

  friend auto operator<=>(const OrderSite&, const OrderSite&) = default;
};

/// The orders that are weaker by one step: two where acquire and release are dropped one at a time.
[[nodiscard]] inline std::vector<std::memory_order> one_step_weaker(std::string_view operation,
                                                                    std::memory_order order) {
  using enum std::memory_order;
  const bool only_loads = operation == "load" || operation.starts_with("failure");
  switch (order) {
    case seq_cst:
      return {only_loads ? acquire : operation == "store" ? release : acq_rel};
    case acq_rel:
      return {acquire, release};
    case acquire:
    case release:
      return {relaxed};
    default:
      return {};
  }
}

/// The checked sync policy with one memory order of the code under check replaced by another, at
/// the place in the source where it is asked for. It also notes all places.
struct WeakenedSync : model::RelacySync {
  struct Weakening {
    OrderSite site;
    std::memory_order to;
  };
  static inline const Weakening* weakening = nullptr;  ///< null: the code as it is
  static inline std::set<OrderSite> sites{};           ///< that were met

  using Where = std::source_location;

  /// The order to run with. Requests for memory of the checker's own.
  static std::memory_order at(std::string_view operation, std::memory_order order,
                              const Where& where) {
    const model::CheckerScope quiet;
    const model::SourcePlace place = model::SourcePlace::of(where);
    const OrderSite site{.file = place.file,
                         .line = place.line,
                         .column = where.column(),
                         .function = place.function,
                         .operation = std::string(operation),
                         .order = order};
    if (weakening == nullptr) {
      sites.insert(site);
      return order;
    }
    return site == weakening->site ? weakening->to : order;
  }

  template <class T>
  class Atomic : public model::RelacySync::Atomic<T> {
    using Base = model::RelacySync::Atomic<T>;
    using Order = std::memory_order;

   public:
    using Base::Base;

    T load(Order order, Where where = Where::current()) const noexcept {
      return Base::load(at("load", order, where), where);
    }
    void store(T value, Order order, Where where = Where::current()) noexcept {
      Base::store(value, at("store", order, where), where);
    }
    T exchange(T value, Order order, Where where = Where::current()) noexcept {
      return Base::exchange(value, at("exchange", order, where), where);
    }
    T fetch_add(T value, Order order, Where where = Where::current()) noexcept {
      return Base::fetch_add(value, at("fetch_add", order, where), where);
    }
    T fetch_sub(T value, Order order, Where where = Where::current()) noexcept {
      return Base::fetch_sub(value, at("fetch_sub", order, where), where);
    }
    bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                               Where where = Where::current()) noexcept {
      return Base::compare_exchange_weak(
          expected, desired, at("compare_exchange_weak", success, where),
          at("failure of compare_exchange_weak", failure, where), where);
    }
    bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                                 Where where = Where::current()) noexcept {
      return Base::compare_exchange_strong(
          expected, desired, at("compare_exchange_strong", success, where),
          at("failure of compare_exchange_strong", failure, where), where);
    }
  };

  static void fence(std::memory_order order, Where where = Where::current()) noexcept {
    const std::memory_order weakened = at("fence", order, where);
    if (weakened != std::memory_order::relaxed) model::RelacySync::fence(weakened, where);
  }
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_WEAKENED_SYNC_H_
