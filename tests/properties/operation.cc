#include "tests/properties/operation.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <system_error>

namespace slabproof::properties {

std::string to_text(Operation operation) {
  std::string text(kOperations[static_cast<std::size_t>(operation.kind)].name);
  if (operation.argument != 0) text += ":" + std::to_string(operation.argument);
  return text;
}

std::optional<Operation> parse_operation(std::string_view text) {
  const std::size_t colon = text.find(':');
  Operation operation;
  if (colon != std::string_view::npos) {
    const std::string_view number = text.substr(colon + 1);
    const char* const end = number.data() + number.size();
    const auto [rest, error] = std::from_chars(number.data(), end, operation.argument);
    if (error != std::errc() || rest != end) return std::nullopt;
  }
  const auto found = std::ranges::find(kOperations, text.substr(0, colon), &OperationTraits::name);
  if (found == kOperations.end()) return std::nullopt;
  operation.kind = static_cast<Operation::Kind>(found - kOperations.begin());
  return operation;
}

std::string to_text(const std::vector<Operation>& operations) {
  std::string text;
  for (const Operation& operation : operations) {
    if (!text.empty()) text += ' ';
    text += to_text(operation);
  }
  return text;
}

std::optional<std::vector<Operation>> parse_operations(const std::string& text) {
  std::vector<Operation> operations;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto operation = parse_operation(word);
    if (!operation) return std::nullopt;
    operations.push_back(*operation);
  }
  return operations;
}

}  // namespace slabproof::properties
