#ifndef SLABPROOF_TESTS_SUPPORT_CHILD_PROCESS_H_
#define SLABPROOF_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace slabproof::testing {

/// The end of a child process, which succeeds if `holds`.
[[noreturn]] inline void end_child(bool holds) {
  std::_Exit(holds ? EXIT_SUCCESS : EXIT_FAILURE);
}

/// Ends a child process, which says why, unless `holds`.
inline void require_in_child(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold in the child: %s\n", what);
  end_child(false);
}

inline constexpr std::string_view kCannotFork = "the system cannot fork";

/// Forks, runs `action` in the child, and waits for that. The result is how the child ended, empty
/// if by itself and with success. A child that hangs is ended after two minutes.
template <class Action>
[[nodiscard]] std::string failure_of_child(Action&& action) {
  constexpr unsigned kSeconds = 120;
  const pid_t child = ::fork();
  if (child < 0) return std::string(kCannotFork);
  if (child == 0) {
    ::alarm(kSeconds);
    action();
    end_child(true);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) != child) {
    if (errno != EINTR) return "is lost";
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "hangs";
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "exit code " + std::to_string(WEXITSTATUS(status));
  return {};
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_CHILD_PROCESS_H_
