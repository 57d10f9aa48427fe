#include "model/runtime/crash_guard.h"

#include <fmt/format.h>

#include <exception>
#include <source_location>
#include <string>

#include "model/runtime/fiber_stack.h"
#include "model/search/engine.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kStackBytes = std::size_t{128} << 10;

std::string describe(int signal, const siginfo_t& info) {
  if (signal == SIGABRT) return "abort was called, as by a failed assert";
  if (signal == SIGILL) return "invalid instruction, such as a trap of the compiler";
  if (signal == SIGFPE) return "arithmetic fault, such as a division by zero";
  if (FiberStack::is_guard(info.si_addr)) {
    return fmt::format("{} overran its stack of {} KiB", Engine::instance().actor_name(),
                       FiberStack::kBytes >> 10);
  }
  // The kernel does not report an address outside the range that the processor can form.
  if (info.si_code == SI_KERNEL) return "invalid memory access at an impossible address";
  return fmt::format("invalid memory access at {}", fmt::ptr(info.si_addr));
}

std::string describe_termination() {
  if (const auto exception = std::current_exception()) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& known) {
      return fmt::format("std::terminate was called for an exception: {}", known.what());
    } catch (...) {
      return "std::terminate was called for an exception that is not a std::exception";
    }
  }
  return "std::terminate was called";
}

std::terminate_handler terminate_before = nullptr;

bool is_running_program() noexcept {
  // A thread that the checker did not start has no execution to abandon.
  return runs_execution && !Engine::instance().quiet();
}

/// Abandons the execution; in the checker itself, goes on to the end of the process.
void on_terminate() {
  if (!is_running_program()) {
    terminate_before();
    return;
  }
  const CheckerScope quiet;
  abandon_execution(Defect::kInvalidAccess, describe_termination());
}

void on_crash(int signal, siginfo_t* info, void* /*context*/) {
  if (!is_running_program()) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    return;
  }
  const CheckerScope quiet;
  abandon_execution(Defect::kInvalidAccess, describe(signal, *info));
}

}  // namespace

CrashGuard::CrashGuard() : stack_(std::make_unique_for_overwrite<std::byte[]>(kStackBytes)) {
  stack_t stack{};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  ::sigaltstack(&stack, &stack_before_);
  terminate_before = std::set_terminate(&on_terminate);
  struct sigaction action{};
  action.sa_sigaction = &on_crash;
  // The handler is left by a jump, which does not restore the signal mask.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
}

CrashGuard::~CrashGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  std::set_terminate(terminate_before);
  ::sigaltstack(&stack_before_, nullptr);
}

}  // namespace slabproof::model
