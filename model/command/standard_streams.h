#ifndef SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_
#define SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_

#include <string_view>

namespace slabproof::model {

/// For the start of a program, before it opens a file: a reader who goes, as `head` does, does not
/// end it, nor does a stream that is closed. What it finds still goes to its files and into its
/// exit code.
void survive_closed_pipes();

// These write at once. Nothing happens where the reader has gone. Every other failure, such as a
// disk that is full, is reported once, and remembered: a violation that was found is not lost with
// the text about it.
void print_output(std::string_view text);
void print_error(std::string_view text);

/// Whether something could not be written; so a command that would end with 0 or 3 must not.
[[nodiscard]] bool is_output_lost();
/// Remembers that a file could not be written to.
void note_lost_output();

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_STANDARD_STREAMS_H_
