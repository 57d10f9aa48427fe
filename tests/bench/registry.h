#ifndef SLABPROOF_TESTS_BENCH_REGISTRY_H_
#define SLABPROOF_TESTS_BENCH_REGISTRY_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/checked_contender.h"
#include "tests/bench/container_workloads.h"
#include "tests/bench/contender.h"
#include "tests/bench/growth_workloads.h"
#include "tests/bench/sample.h"
#include "tests/bench/workloads.h"

namespace slabproof::bench {

/// A workload with a contender.
struct Case {
  using Start = std::function<Round(const Scale&)>;

  std::string contender;
  std::string workload;
  bool once;            ///< a process may run it once only: it measures what is new to the process
  Start start;          ///< makes what its rounds work on
  Start start_checked;  ///< the same, where each block is looked at; see `Faults`
};

/// The cases of every contender that is linked.
std::vector<Case>& cases();

/// The workload that is run to count instructions, not for its time.
inline constexpr const char* kHitsWorkload = "hits";

/// Which workloads a contender is for.
enum class Workloads : bool {
  kAll,
  kNewMemory,  ///< those that depend on where new memory comes from
};

/// The cases of a contender: a template over the size of its blocks. One object of this class in
/// its source file is all that a contender needs.
template <template <std::size_t> class C, Workloads kWorkloads = Workloads::kAll>
class Registration {
 public:
  Registration() {
    add<Needs::kMany, 64>("cold", []<class A>(const Scale& scale) { return cold<A>(scale); }, true);
    add<Needs::kMany, 64>(
        "growth", []<class A>(const Scale& scale) { return growth_latency<A>(scale); }, true);
    add_bytes<64>();
    if constexpr (kWorkloads == Workloads::kAll) add_others();
  }

 private:
  static void add_others() {
    add<Needs::kFew, 64>("hot", []<class A>(const Scale& scale) { return hot<A>(scale); });
    add<Needs::kFew, 64>(kHitsWorkload, []<class A>(const Scale& scale) { return hits<A>(scale); });
    add<Needs::kFew, 64>("batch/1", []<class A>(const Scale& scale) { return batch<A>(scale, 1); });
    for (const unsigned threads : {2U, 4U, 8U}) {
      add<Needs::kAnyThread, 64>(
          "batch/" + std::to_string(threads),
          [threads]<class A>(const Scale& scale) { return batch<A>(scale, threads); });
    }
    add<Needs::kRemoteFree, 64>("producer-consumer", []<class A>(const Scale& scale) {
      return producer_consumer<A>(scale);
    });
    add<Needs::kAnyThread, 64>("larson/8",
                               []<class A>(const Scale& scale) { return larson<A>(scale, 8); });
    for (const unsigned segments : {1U, 16U, 256U, 4096U}) {
      add_free_against("free-sequential/", segments, Order::kSequential);
      add_free_against("free-random/", segments, Order::kRandom);
    }
    add<Needs::kMany, kSmallNode>("list",
                                  []<class A>(const Scale& scale) { return list<A>(scale); });
    add<Needs::kMany, kTreeNode>("map",
                                 []<class A>(const Scale& scale) { return tree_map<A>(scale); });
    add<Needs::kMany, kSmallNode>("unordered_map",
                                  []<class A>(const Scale& scale) { return hash_map<A>(scale); });
    add_bytes<16>();
    add_bytes<256>();
    add_bytes<4096>();
  }

  template <Needs kNeeds, std::size_t kBytes, class Workload>
  static void add(std::string name, Workload workload, bool once = false) {
    using A = C<kBytes>;
    static_assert(Contender<A>);
    if constexpr (kNeeds <= A::kServes) {
      cases().push_back(
          {A::kName, std::move(name), once,
           [workload](const Scale& scale) { return workload.template operator()<A>(scale); },
           [workload](const Scale& scale) {
             return workload.template operator()<Checked<A>>(scale);
           }});
    }
  }

  static void add_free_against(const char* name, std::size_t segments, Order order) {
    add<Needs::kMany, 64>(name + std::to_string(segments),
                          [segments, order]<class A>(const Scale& scale) {
                            return free_against<A>(scale, segments, order);
                          });
  }

  template <std::size_t kBytes>
  static void add_bytes() {
    add<Needs::kMany, kBytes>(
        "bytes/" + std::to_string(kBytes),
        []<class A>(const Scale& scale) { return bytes_per_object<A>(scale); }, true);
  }
};

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_REGISTRY_H_
