// The program language as text and as bytes, schedules, and files of recorded executions:
// what is read is well formed and reads back the same from what is written, and what is refused is
// refused with a sentence.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/engine/records.h"
#include "model/campaign/recorded_execution.h"
#include "model/program/program.h"
#include "model/search/schedule.h"

namespace slabproof::fuzz {
namespace {

using model::ParseError;
using model::Program;

const Landmark kReadText("a program as text");
const Landmark kRefusedText("a text that is not a program");
const Landmark kReadBytes("a program as bytes");
const Landmark kSchedule("a schedule");
const Landmark kRefusedSchedule("a text that is not a schedule");
const Landmark kRecorded("a recorded execution");
const Landmark kRefusedRecorded("a file that is not a recorded execution");
const Landmark kManyThreads("as many threads as there can be");
const Landmark kLongThread("a thread as long as it can be");

/// The first byte of an input says as what the rest is read.
enum class Form : std::uint8_t { kText, kBytes, kChoices, kReplay };
constexpr std::size_t kForms = 4;

Form form_of(Bytes input) {
  return input.empty() ? Form::kText : static_cast<Form>(input[0] % kForms);
}

Bytes content_of(Bytes input) {
  return input.subspan(std::min<std::size_t>(1, input.size()));
}

std::string_view text_of(Bytes input) {
  const Bytes rest = content_of(input);
  return {reinterpret_cast<const char*>(rest.data()), rest.size()};
}

/// Everything that must hold of a program, wherever it came from.
void judge_program(const Program& program) {
  require(!model::defect_of(program), "parser", "a program that was read is not well formed");
  require(model::parse_program(model::to_text(program)) == program, "parser",
          "a program as text reads back as another");
  require(model::program_from_bytes(model::to_bytes(program)) == program, "parser",
          "a program as bytes reads back as another");
  if (program.threads.size() == model::kMaxThreads) kManyThreads.reach();
  for (const auto& ops : program.threads) {
    if (ops.size() == model::kMaxOpsPerThread) kLongThread.reach();
  }
}

void judge_error(const ParseError& error, std::string_view text) {
  require(error.position <= text.size(), "parser", "an error behind the end of the text");
  require(error.message.starts_with(fmt::format("At byte {}: ", error.position)), "parser",
          "an error that does not name its position");
  const auto is_printable = [](char character) { return character >= 0x20 && character != 0x7f; };
  require(std::ranges::all_of(error.message, is_printable), "parser",
          "an error that repeats hostile bytes");
}

/// Nothing that a terminal would act on.
bool is_harmless(std::string_view message) {
  return std::ranges::none_of(message, [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f;
  });
}

void judge_refusal(std::string_view message) {
  require(!message.empty(), "parser", "a refusal without a word");
  require(is_harmless(message), "parser", "a refusal that repeats hostile bytes");
}

void run_schedule(std::string_view text) {
  const auto schedule = model::parse_schedule(text);
  (schedule ? kSchedule : kRefusedSchedule).reach();
  if (!schedule) return judge_refusal(schedule.error());
  require(model::parse_schedule(model::to_text(*schedule)) == schedule, "parser",
          "a schedule reads back as another");
}

void run_recorded(std::string_view text) {
  const auto recorded = model::parse_recorded(text);
  (recorded ? kRecorded : kRefusedRecorded).reach();
  if (!recorded) return judge_refusal(recorded.error());
  judge_program(recorded->program);
  require(model::parse_recorded(model::to_text(*recorded)) == recorded, "parser",
          "a recorded execution reads back as another");
}

/// What stands between and around the tokens of operations, and what is nearly one.
constexpr auto kTokens = std::to_array<std::string_view>({
    "a16",
    "a17",
    "f@0",
    "f@254",
    "f@255",
    "g>0",
    "g>2",
    "|",
    "| |",
    "a00",
    "f@",
    "\\u0061",
    "\x7f",
    "0x3",
    "1",
    "v1",
    "u",
    "v127x4",
    "0x65536",
    "{\"program\": \"a f | a\"",
    "\"capacity\": 1",
    "\"initial_segments\": 0",
    "\"recheck\": \"all\"",
    "\"recheck\": \"new\"",
    "\"protection\": \"none\"",
    "\"protection\": \"slot-states\"",
    "\"schedule\": \"0x3 1\"}",
});

/// A text as the tokens that white space or commas separate.
std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t first = 0; first < text.size();) {
    const std::size_t last = std::min(text.find_first_of(" ,", first), text.size());
    tokens.emplace_back(text.substr(first, last - first));
    first = last + 1;
  }
  return tokens;
}

Input input_of(Form form, const std::vector<std::string>& tokens, std::size_t max_size) {
  const bool with_commas = form == Form::kReplay;
  std::string text(1, static_cast<char>(form));
  for (const std::string& token : tokens) {
    if (text.size() > 1) text += with_commas ? "," : " ";
    text += token;
  }
  text.resize(std::min(text.size(), max_size));
  return {text.begin(), text.end()};
}

std::string random_token(Random& random) {
  const std::size_t choice = random.below(kTokens.size() + model::kOperations.size());
  if (choice < kTokens.size()) return std::string(kTokens[choice]);
  const std::string tokens = model::tokens_of(model::kOperations[choice - kTokens.size()]);
  const std::size_t space = tokens.find(' ');
  return space == std::string::npos || random.below(2) == 0 ? tokens.substr(0, space)
                                                            : tokens.substr(space + 1);
}

void edit(std::vector<std::string>& tokens, Random& random) {
  const std::string token = random_token(random);
  const std::size_t place = random.between(0, tokens.size());
  const auto at = tokens.begin() + static_cast<std::ptrdiff_t>(place);
  if (tokens.empty() || place == tokens.size() || random.below(3) == 0) {
    tokens.insert(at, random.between(1, 12), token);
  } else if (random.below(2) == 0) {
    *at = token;
  } else if (random.below(2) == 0) {
    tokens.erase(at);
  } else {
    std::swap(*at, tokens[random.below(tokens.size())]);
  }
}

}  // namespace

void run_input(Bytes input) {
  const std::string_view text = text_of(input);
  switch (form_of(input)) {
    case Form::kText: {
      const auto program = model::parse_program(text);
      (program ? kReadText : kRefusedText).reach();
      program ? judge_program(*program) : judge_error(program.error(), text);
      return;
    }
    case Form::kBytes:
      kReadBytes.reach();
      return judge_program(model::program_from_bytes(content_of(input)));
    case Form::kChoices:
      return run_schedule(text);
    case Form::kReplay:
      return run_recorded(text);
  }
}

std::string describe_input(Bytes input) {
  constexpr std::array<std::string_view, kForms> kNames = {"text", "bytes", "schedule",
                                                           "recorded execution"};
  const Form form = form_of(input);
  const std::string name(kNames[static_cast<std::size_t>(form)]);
  if (form == Form::kBytes) {
    return "program: " + model::to_text(model::program_from_bytes(content_of(input)));
  }
  std::string shown;
  for (const char character : text_of(input)) {
    const auto byte = static_cast<unsigned char>(character);
    shown +=
        byte >= 0x20 && byte < 0x7f ? std::string(1, character) : fmt::format("\\x{:02x}", byte);
  }
  return name + ": " + shown;
}

Input mutate_input(Bytes input, std::size_t max_size, Random& random) {
  Form form = form_of(input);
  if (form == Form::kBytes) {
    return mutate_records(input, {.header_size = 1, .record_size = 1}, max_size, random);
  }
  std::vector<std::string> tokens = tokens_of(text_of(input));
  const std::size_t edits = random.between(1, 4);
  for (std::size_t i = 0; i < edits; ++i) edit(tokens, random);
  if (random.below(16) == 0) form = static_cast<Form>(random.below(kForms));
  return input_of(form, tokens, max_size);
}

Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random) {
  if (form_of(first) == Form::kBytes) {
    return cross_records(first, second, {.header_size = 1, .record_size = 1}, max_size, random);
  }
  std::vector<std::string> tokens = tokens_of(text_of(first));
  const std::vector<std::string> others = tokens_of(text_of(second));
  tokens.resize(random.between(0, tokens.size()));
  const auto from = static_cast<std::ptrdiff_t>(random.between(0, others.size()));
  tokens.insert(tokens.end(), others.begin() + from, others.end());
  return input_of(form_of(first), tokens, max_size);
}

std::vector<Input> simpler_inputs(Bytes input) {
  return simpler_records(input, {.header_size = 1, .record_size = 1});
}

}  // namespace slabproof::fuzz
