#ifndef SLABPROOF_MODEL_SEARCH_CRASH_GUARD_H_
#define SLABPROOF_MODEL_SEARCH_CRASH_GUARD_H_

#include <signal.h>

#include <array>
#include <cstddef>
#include <memory>

namespace slabproof::model {

/// While one lives, a crash of the code under check (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
/// std::terminate) ends the execution as a violation of S8, and the search goes on; without one it
/// would end the process and take the schedule with it. A crash of the checker itself still ends
/// the process.
///
/// The handler runs on a stack of its own and leaves the fiber by the same way as every other
/// failure: the machine gives each abandoned fiber a fresh start. Of several, the last one made
/// must end first.
class CrashGuard {
 public:
  CrashGuard();
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  static constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

  std::unique_ptr<std::byte[]> stack_;
  stack_t stack_before_{};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_CRASH_GUARD_H_
