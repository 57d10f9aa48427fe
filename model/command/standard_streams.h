#ifndef SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_
#define SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_

#include <string_view>

namespace slabproof::model {

/// For the start of a program: a reader who goes, as `head` does, does not end it. What it finds
/// still goes to its files and into its exit code.
void survive_closed_pipes();

// These write at once. Nothing happens where the reader has gone. They throw std::system_error for
// every other failure, such as a disk that is full.
void print_output(std::string_view text);
void print_error(std::string_view text);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_
