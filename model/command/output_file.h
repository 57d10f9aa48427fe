#ifndef SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_
#define SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "model/command/standard_streams.h"

namespace slabproof::model {

/// A file cannot be read or written: the command says so and ends with exit code 2.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& action, const std::string& file)
      : std::runtime_error(fmt::format("cannot {} \"{}\"", action, file)) {}
};

/// A file that a command writes to, "-" for standard output, or none where the name is empty.
/// Whether it can be written to is tried before the search, so that hours of it are not lost to a
/// typing error; what it holds stays until there is something to write. The constructor throws
/// FileError.
class OutputFile {
 public:
  explicit OutputFile(const std::string& name) : name_(name) {
    if (name_.empty() || is_output()) return;
    stream_.open(name_, std::ios::app);
    if (!stream_) throw FileError("write", name_);
  }
  [[nodiscard]] bool is_wanted() const { return !name_.empty(); }
  /// On return the text is with the operating system, or the loss is reported and remembered.
  void write(const std::string& text) {
    if (!is_wanted()) return;
    if (is_output()) return print_output(text);
    if (!std::exchange(is_begun_, true)) {
      stream_.close();
      stream_.open(name_, std::ios::trunc);
    }
    stream_ << text << std::flush;
    if (stream_ || std::exchange(is_lost_, true)) return;
    print_error(fmt::format("check: cannot write \"{}\"\n", name_));
    note_lost_output();
  }

 private:
  [[nodiscard]] bool is_output() const { return name_ == "-"; }

  std::string name_;
  std::ofstream stream_;
  bool is_begun_ = false;
  bool is_lost_ = false;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_
