#include "model/command/standard_streams.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace slabproof::model {
namespace {

void print(std::FILE* stream, std::string_view text) {
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (is_written || errno == EPIPE) return;
  throw std::system_error(errno, std::generic_category(), "cannot print");
}

}  // namespace

void survive_closed_pipes() {
  ::signal(SIGPIPE, SIG_IGN);
}

void print_output(std::string_view text) {
  print(stdout, text);
}

void print_error(std::string_view text) {
  print(stderr, text);
}

}  // namespace slabproof::model
