#include "model/command/standard_streams.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

namespace slabproof::model {
namespace {

bool has_lost_output = false;

void print(std::FILE* stream, std::string_view text) {
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (is_written || errno == EPIPE) return;
  const std::string problem = std::generic_category().message(errno);
  if (!std::exchange(has_lost_output, true)) {
    std::fprintf(stderr, "cannot print: %s\n", problem.c_str());
  }
}

}  // namespace

void survive_closed_pipes() {
  ::signal(SIGPIPE, SIG_IGN);
  // The first file that is opened would get the number of a stream that is closed, and its text.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) == -1) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

bool is_output_lost() {
  return has_lost_output;
}

void note_lost_output() {
  has_lost_output = true;
}

void print_output(std::string_view text) {
  print(stdout, text);
}

void print_error(std::string_view text) {
  print(stderr, text);
}

}  // namespace slabproof::model
