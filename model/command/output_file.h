#ifndef SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_
#define SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace slabproof::model {

/// A file cannot be read or written: the command says so and ends with exit code 2.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& action, const std::string& file)
      : std::runtime_error(fmt::format("cannot {} \"{}\"", action, file)) {}
};

/// A file that a command writes to, or none where the name is empty. It is opened before the
/// search, so that hours of it are not lost to a typing error. Throws FileError.
class OutputFile {
 public:
  explicit OutputFile(const std::string& name) : name_(name) {
    if (name_.empty()) return;
    stream_.open(name_);
    if (!stream_) throw FileError("write", name_);
  }
  [[nodiscard]] bool is_wanted() const { return !name_.empty(); }
  /// On return the text is with the operating system.
  void write(const std::string& text) {
    if (!is_wanted()) return;
    stream_ << text << std::flush;
    if (!stream_) throw FileError("write", name_);
  }

 private:
  std::string name_;
  std::ofstream stream_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_OUTPUT_FILE_H_
