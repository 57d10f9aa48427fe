#ifndef SLABPROOF_MODEL_CAMPAIGN_WORKER_POOL_H_
#define SLABPROOF_MODEL_CAMPAIGN_WORKER_POOL_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace slabproof::model {

/// Runs tasks in processes of their own: the model checker has one context in a process, so work
/// is shared between processes and not threads. Each idle worker gets the next task, so no worker
/// waits while there is work.
///
/// A task whose worker dies goes to a new worker; after `kMaxAttempts` deaths it is given up.
class WorkerPool {
 public:
  static constexpr unsigned kMaxAttempts = 3;

  /// In a worker: does a task and returns what to report, one line without its newline.
  using Work = std::function<std::string(std::size_t task)>;
  /// In the caller, with what the worker of a task returned.
  using Done = std::function<void(std::size_t task, const std::string& report)>;
  /// In the caller, a few times a second.
  using Tick = std::function<void()>;

  WorkerPool(std::size_t workers, Work work) : workers_(workers), work_(std::move(work)) {}

  /// Runs the tasks, in the order given as far as there are workers; returns those that were given
  /// up because their workers died. Throws std::system_error where no process can be had.
  std::vector<std::size_t> run(const std::vector<std::size_t>& tasks, const Done& done,
                               const Tick& tick);
  /// Called by `Done`: ends what runs, and begins nothing more.
  void stop() noexcept { is_stopped_ = true; }

 private:
  std::size_t workers_;
  Work work_;
  bool is_stopped_ = false;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_WORKER_POOL_H_
