#include "fuzz/engine/minimizer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>

#include "model/program/shrink.h"

namespace slabproof::fuzz {
namespace {

/// An input that sends the target into an endless loop fails as well.
constexpr unsigned kSecondsForOneInput = 20;

[[noreturn]] void run_in_child(Bytes input, int report) {
  ::dup2(report, STDERR_FILENO);
  ::alarm(kSecondsForOneInput);
  run_and_remember(input);
  ::_exit(0);
}

std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::read(pipe, buffer.data(), buffer.size());
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

/// The line of a report that says what went wrong, without addresses and other details.
std::string signature_of(const std::string& report, int status) {
  const std::size_t violation = report.find(kViolationPrefix);
  if (violation != std::string::npos) {
    return report.substr(violation,
                         report.find(':', violation + kViolationPrefix.size()) - violation);
  }
  constexpr std::string_view kSummary = "SUMMARY: ";
  const std::size_t summary = report.find(kSummary);
  if (summary != std::string::npos) {
    const std::size_t tool_end = report.find(": ", summary + kSummary.size());
    const std::size_t kind_end = report.find_first_of(" \n", tool_end + 2);
    return report.substr(summary, kind_end - summary);
  }
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

/// How the input fails, or an empty string.
std::string failure_of(Bytes input) {
  std::array<int, 2> pipe;
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) run_in_child(input, pipe[1]);
  ::close(pipe[1]);
  const std::string report = read_all(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return signature_of(report, status);
}

}  // namespace

std::optional<Minimized> minimize(const Input& input) {
  Minimized best{input, failure_of(input), 1};
  if (best.signature.empty()) return std::nullopt;
  best.tries += model::shrink(best.input, simpler_inputs, [&best](const Input& candidate) {
    return failure_of(candidate) == best.signature;
  });
  return best;
}

}  // namespace slabproof::fuzz
