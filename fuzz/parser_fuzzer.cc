// The program language as text, as JSON and as bytes: what is read is well formed and reads back
// the same from what is written, and what is refused is refused with a sentence.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fuzz/fuzz_target.h"
#include "fuzz/landmarks.h"
#include "fuzz/records.h"
#include "slabproof/model/program.h"

namespace slabproof::fuzz {
namespace {

using model::ParseError;
using model::Program;

const Landmark kReadText("a program as text");
const Landmark kRefusedText("a text that is no program");
const Landmark kReadJson("a program as JSON");
const Landmark kRefusedJson("a JSON document that is no program");
const Landmark kReadBytes("a program as bytes");
const Landmark kManyThreads("as many threads as there can be");
const Landmark kLongThread("a thread as long as it can be");

/// The first byte of an input says as what the rest is read.
enum class Form : std::uint8_t { kText, kJson, kBytes };
constexpr std::size_t kForms = 3;

Form form_of(Bytes input) {
  return input.empty() ? Form::kText : static_cast<Form>(input[0] % kForms);
}

std::string_view text_of(Bytes input) {
  const Bytes rest = input.subspan(std::min<std::size_t>(1, input.size()));
  return {reinterpret_cast<const char*>(rest.data()), rest.size()};
}

/// Everything that must hold of a program, wherever it came from.
void judge_program(const Program& program) {
  require(!model::defect_of(program), "parser", "a program that was read is not well formed");
  require(model::parse_program(model::to_text(program)) == program, "parser",
          "a program as text reads back as another");
  require(model::program_from_json(model::to_json(program)) == program, "parser",
          "a program as JSON reads back as another");
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

/// The tokens of the language, and what stands between and around them.
constexpr std::array<std::string_view, 34> kTokens = {
    "a",     "a3",          "a16", "a17",   "f",       "f@0",  "f@1",
    "f@254", "f@255",       "F",   "g>0",   "g>2",     "t",    "x",
    "m",     "d",           "u",   "c",     "n",       "s",    "r",
    "!",     "|",           "| |", "\"a\"", "[\"a\"]", "]",    "{\"threads\": [",
    "]}",    "\"threads\"", "a00", "f@",    "\\u0061", "\x7f",
};

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
  std::string text;
  for (const std::string& token : tokens) {
    if (!text.empty()) text += form == Form::kJson ? "," : " ";
    text += token;
  }
  Input input{static_cast<std::uint8_t>(form)};
  input.insert(input.end(), text.begin(), text.end());
  input.resize(std::min(input.size(), max_size));
  return input;
}

void edit(std::vector<std::string>& tokens, Random& random) {
  const std::string_view token = kTokens[random.below(kTokens.size())];
  const std::size_t place = random.between(0, tokens.size());
  const auto at = tokens.begin() + static_cast<std::ptrdiff_t>(place);
  if (tokens.empty() || place == tokens.size() || random.below(3) == 0) {
    tokens.insert(at, random.between(1, 12), std::string(token));
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
    case Form::kJson: {
      const auto program = model::program_from_json(text);
      (program ? kReadJson : kRefusedJson).reach();
      program ? judge_program(*program) : judge_error(program.error(), text);
      return;
    }
    case Form::kBytes:
      kReadBytes.reach();
      judge_program(
          model::program_from_bytes(input.subspan(std::min<std::size_t>(1, input.size()))));
      return;
  }
}

std::string describe_input(Bytes input) {
  constexpr std::array<std::string_view, kForms> kNames = {"text", "JSON", "bytes"};
  const Form form = form_of(input);
  const std::string name(kNames[static_cast<std::size_t>(form)]);
  if (form == Form::kBytes) {
    const Bytes rest = input.subspan(std::min<std::size_t>(1, input.size()));
    return "program: " + model::to_text(model::program_from_bytes(rest));
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
