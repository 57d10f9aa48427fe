#include "model/command/manual.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "model/program/operation.h"
#include "model/program/program.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 26;  // of what an option does

/// The text in lines of at most `kWidth` characters, each but the first behind `indent` spaces; the
/// first begins in that column.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string lines;
  std::size_t column = indent;
  std::istringstream words(text);
  for (std::string word; words >> word; column += word.size()) {
    if (column != indent && column + 1 + word.size() > kWidth) {
      lines += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column != indent) {
      lines += ' ';
      ++column;
    }
    lines += word;
  }
  return lines;
}

/// "--capacity N" in a column of its own, what it does beside it, the values that it takes behind
/// that. CLI11's own form has no wrapping.
class ManualFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    return CLI::detail::find_and_replace(CLI::Formatter::make_help(app, name, mode), "\n\n\n",
                                         "\n\n");
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string type = option->get_type_name();
    const auto colon = type.find(':');
    // CLI11 marks a flag that turns something off: "--no-symmetry{false}".
    std::string head = "  " + CLI::detail::find_and_replace(make_option_name(option, is_positional),
                                                            "{false}", "");
    std::string text = option->get_description();
    if (option->get_type_size() != 0) {
      head += " " + type.substr(0, colon);
      // "{all,new}", or "INT in [1 - 64]".
      std::string bounds = colon == std::string::npos ? "" : values_of(type.substr(colon + 1));
      if (!option->get_default_str().empty()) {
        bounds += (bounds.empty() ? "default: " : "; default: ") + option->get_default_str();
      }
      if (!bounds.empty()) text += " (" + bounds + ")";
    }
    head += head.size() + 2 <= kIndent ? std::string(kIndent - head.size(), ' ')
                                       : '\n' + std::string(kIndent, ' ');
    return head + wrapped(text, kIndent) + "\n";
  }

 private:
  static std::string values_of(const std::string& constraint) {
    if (constraint == "POSITIVE") return "more than 0";
    if (constraint.starts_with('{')) {
      std::string list = constraint.substr(1, constraint.find('}') - 1);
      return CLI::detail::find_and_replace(list, ",", ", ");
    }
    const auto bounds = constraint.find("in [");
    if (bounds == std::string::npos) return constraint;
    std::string range = constraint.substr(bounds + 4);
    range.pop_back();
    return CLI::detail::find_and_replace(range, " - ", " to ");
  }
};

std::string describe_tokens() {
  std::string text =
      "*Programs*\n"
      "Threads are separated by |, operations by spaces.\n\n";
  for (const OperationTraits& traits : kOperations) {
    text += fmt::format("  {:<8}  {}\n", tokens_of(traits), wrapped(std::string(traits.help), 12));
  }
  return text + '\n' +
         wrapped(
             "An operation that finds nothing to act on is skipped. A program breaks the slab's "
             "contract, and is blamed for it, if it frees a block again (d) after another thread "
             "may have been handed it anew. Slabs with caches have neither d nor z. Of an owner's "
             "threads the first has neither x, m, d nor u, and the others have f, F, g and t "
             "alone.",
             0) +
         '\n';
}

/// Examples, each with what it shows; tests/command runs them.
std::string describe_examples(const std::string& command) {
  struct Example {
    std::string_view arguments;
    std::string_view shows;
  };
  constexpr Example kExamples[] = {
      {"", "every scenario of the default suite, as a table"},
      {"--program \"a f | a f\" --capacity 1 --recheck new",
       "two threads that meet a full slab: ten inequivalent executions, one segment too many"},
      {"--program \"a f | a f\" --trace witness.html",
       "the same as a page, with a lane for each thread"},
      {"--scenario two_growers --search full", "a scenario, by Relacy's own search"},
      {"--program \"a g>1 | t f\" --slab owner --batch 2", "a slab of one owner, and a remote"},
      {"--enumerate threads=2,ops=2,capacity=2 --jobs 2", "every program up to a size"},
      {"--scenario four_growers --shard 0/3 --json 0.json",
       "one of three parts, of which each may run elsewhere; --merge adds them"},
  };
  std::string text = "Examples:\n\n";
  for (const auto& [arguments, shows] : kExamples) {
    const std::string line = arguments.empty() ? command : fmt::format("{} {}", command, arguments);
    text += fmt::format("  {}\n{}{}\n", line, std::string(6, ' '), wrapped(std::string(shows), 6));
  }
  return text;
}

constexpr const char* kExitCodes =
    "*Exit codes*\n"
    "  0         everything holds, as far as it was to be explored: a shard,\n"
    "            --search bound and --search random are parts\n"
    "  1         a violation was found\n"
    "  2         bad usage, or a file that cannot be read or written\n"
    "  3         inconclusive: a limit cut a search that found nothing\n";

constexpr const char* kEnvironment =
    "Environment:\n\n"
    "  NO_COLOR  set and not empty: no colours on a terminal; elsewhere there are\n"
    "            none in any case\n\n"
    "  TEST_TOTAL_SHARDS\n"
    "            with TEST_SHARD_INDEX and TEST_SHARD_STATUS_FILE, Bazel's test\n"
    "            sharding: which shard to run without --shard\n";

}  // namespace

std::string describe_command() {
  return wrapped(
      "Model-checks the shipped slab: explores every inequivalent interleaving of programs of "
      "threads, on Relacy or on execution graphs of C++20 or RC11, and judges each. With no "
      "--program and no --scenario it runs the default suite and prints a table. A violation is "
      "printed as a minimal program, with its trace and the command that runs it again.",
      0);
}

void add_manual(CLI::App& app) {
  app.formatter(std::make_shared<ManualFormatter>());
  app.footer(describe_tokens() + '\n' + describe_examples(app.get_name()) + '\n' + kExitCodes +
             '\n' + kEnvironment);
}

}  // namespace slabproof::model
