#include "tests/properties/operation.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace slabproof::properties {
namespace {

/// In the order of `Operation::Kind`.
constexpr std::array<std::string_view, 21> kNames = {"allocate",
                                                     "allocate_layout",
                                                     "allocate_unfit",
                                                     "allocate_batch",
                                                     "create",
                                                     "create_throwing",
                                                     "make_unique",
                                                     "free",
                                                     "free_batch",
                                                     "destroy",
                                                     "destroy_null",
                                                     "free_foreign",
                                                     "free_misaligned",
                                                     "free_again",
                                                     "free_uncarved",
                                                     "query",
                                                     "trim",
                                                     "refuse_request",
                                                     "refuse_segment",
                                                     "tamper",
                                                     "forge_and_allocate"};
static_assert(kNames.size() == static_cast<std::size_t>(Operation::Kind::kForgeAndAllocate) + 1);

}  // namespace

std::string to_text(Operation operation) {
  std::string text(kNames[static_cast<std::size_t>(operation.kind)]);
  if (operation.argument != 0) text += ":" + std::to_string(operation.argument);
  return text;
}

std::optional<Operation> parse_operation(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  Operation operation;
  if (colon != std::string_view::npos) {
    const std::string_view number = text.substr(colon + 1);
    const char* const end = number.data() + number.size();
    const auto [rest, error] = std::from_chars(number.data(), end, operation.argument);
    if (error != std::errc() || rest != end) return std::nullopt;
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] != name) continue;
    operation.kind = static_cast<Operation::Kind>(i);
    return operation;
  }
  return std::nullopt;
}

std::string to_text(const std::vector<Operation>& operations) {
  std::string text;
  for (const Operation& operation : operations) {
    if (!text.empty()) text += ' ';
    text += to_text(operation);
  }
  return text;
}

std::optional<std::vector<Operation>> parse_operations(std::string_view text) {
  std::vector<Operation> operations;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    if (word.empty()) continue;
    const auto operation = parse_operation(word);
    if (!operation) return std::nullopt;
    operations.push_back(*operation);
  }
  return operations;
}

}  // namespace slabproof::properties
