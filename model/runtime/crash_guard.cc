#include "model/runtime/crash_guard.h"

#include <fmt/format.h>

#include <source_location>
#include <string>

#include "model/search/engine.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kStackBytes = std::size_t{128} << 10;

std::string describe(int signal, const siginfo_t& info) {
  if (signal == SIGFPE) return "arithmetic fault, such as a division by zero";
  // The kernel does not tell an address outside the range that the processor can form.
  if (info.si_code == SI_KERNEL) return "invalid memory access at an impossible address";
  return fmt::format("invalid memory access at {}", fmt::ptr(info.si_addr));
}

void on_crash(int signal, siginfo_t* info, void* /*context*/) {
  Engine& engine = Engine::instance();
  if (engine.phase() == Engine::Phase::kIdle || engine.quiet()) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    return;
  }
  const CheckerScope quiet;
  abandon_execution(Defect::kInvalidAccess, describe(signal, *info));
}

}  // namespace

CrashGuard::CrashGuard() : stack_(std::make_unique<std::byte[]>(kStackBytes)) {
  stack_t stack{};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  ::sigaltstack(&stack, &stack_before_);
  struct sigaction action{};
  action.sa_sigaction = &on_crash;
  // The handler is left by a jump, which does not restore the signal mask.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
}

CrashGuard::~CrashGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  ::sigaltstack(&stack_before_, nullptr);
}

}  // namespace slabproof::model
