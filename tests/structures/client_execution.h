#ifndef SLABPROOF_TESTS_STRUCTURES_CLIENT_EXECUTION_H_
#define SLABPROOF_TESTS_STRUCTURES_CLIENT_EXECUTION_H_

#include <cstddef>
#include <memory>
#include <new>
#include <optional>

#include "model/search/execution.h"
#include "model/search/failure.h"

namespace slabproof::structures {

/// Runs a client of a structure under whichever engine its sync policy belongs to.
///
/// A client is made of its `Config`, which says for how many `threads`. `run(thread)` is what each
/// thread does. Then `complaint()`, alone, says what is wrong, or null.
template <class Client>
class ClientExecution final : public model::Execution {
 public:
  explicit ClientExecution(const Client::Config& config) : config_(config) {}

  [[nodiscard]] std::size_t thread_count() const override { return config_.threads; }
  void before() override { client_ = ::new (static_cast<void*>(memory_)) Client(config_); }
  void thread(std::size_t index) override { client_->run(index); }
  void after() override {
    complaint_ = client_->complaint();
    std::destroy_at(client_);
  }
  std::optional<model::Failure> judge() override {
    if (complaint_ == nullptr) return std::nullopt;
    return model::Failure{.label = "client", .message = complaint_};
  }

 private:
  Client::Config config_;
  Client* client_ = nullptr;
  const char* complaint_ = nullptr;
  alignas(Client) std::byte memory_[sizeof(Client)];
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_CLIENT_EXECUTION_H_
