#include "model/command/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

namespace slabproof::model {
namespace {

/// The name as that of a function of the shell.
std::string function_of(const CLI::App& app) {
  std::string name = "_" + app.get_name();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

std::string long_name(const CLI::Option& option) {
  return "--" + option.get_lnames().front();
}

std::vector<std::string> values_of(const CLI::Option& option,
                                   const std::vector<std::string>& scenarios) {
  const std::string type = option.get_type_name();
  return type == kScenarioType ? scenarios : listed_values(type);
}

/// A flag has a type size too, for the value that stands behind it.
bool has_value(const CLI::Option& option) {
  return option.get_items_expected_max() != 0;
}

/// The first sentence or clause, without what the shell takes for syntax.
std::string short_description(const CLI::Option& option) {
  std::string text = option.get_description();
  text = text.substr(0, text.find_first_of(":;(,"));
  std::erase_if(text, [](char c) { return c == '\'' || c == '"' || c == '[' || c == ']'; });
  text.erase(text.find_last_not_of(" .") + 1);
  return text;
}

}  // namespace

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) names.push_back(long_name(*option));
  return names;
}

std::vector<std::string> listed_values(const std::string& type_name) {
  const auto begin = type_name.find('{');
  const auto end = type_name.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type_name.substr(begin + 1, end - begin - 1), ',');
}

std::string bash_completion(const CLI::App& app, const std::vector<std::string>& scenarios) {
  std::string cases;
  for (const CLI::Option* const option : app.get_options()) {
    if (!has_value(*option)) continue;
    const auto values = values_of(*option, scenarios);
    // After an option whose value is anything, the shell offers what it does by default: files.
    const std::string reply =
        option->get_type_name() == kFileType
            ? "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")"
        : values.empty() ? "COMPREPLY=()"
                         : fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\")",
                                       fmt::join(values, " "));
    cases += fmt::format("    {}) {}; return ;;\n", long_name(*option), reply);
  }
  return fmt::format(
      R"(# Completion of {0} for bash, made by `{0} --completion bash`.
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  # Bash splits --option=value into three words.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $before == '=' ]]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  case $before in
{2}  esac
  mapfile -t COMPREPLY < <(compgen -W '{3}' -- "$current")
}}
complete -o default -F {1} {0}
)",
      app.get_name(), function_of(app), cases, fmt::join(option_names(app), " "));
}

std::string zsh_completion(const CLI::App& app, const std::vector<std::string>& scenarios) {
  std::string lines;
  for (const CLI::Option* const option : app.get_options()) {
    std::string line = fmt::format("'*{}[{}]", long_name(*option), short_description(*option));
    if (has_value(*option)) {
      const auto values = values_of(*option, scenarios);
      const std::string action = option->get_type_name() == kFileType ? "_files"
                                 : values.empty()                     ? " "
                                                  : fmt::format("({})", fmt::join(values, " "));
      line += fmt::format(":value:{}", action);
    }
    lines += fmt::format(" \\\n  {}'", line);
  }
  return fmt::format(
      "#compdef {0}\n# Completion of {0} for zsh, made by `{0} --completion zsh`.\n_arguments{1}\n",
      app.get_name(), lines);
}

}  // namespace slabproof::model
