#include "model/runtime/object_names.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/search/engine.h"

namespace slabproof::model {
namespace {

struct Named {
  const std::byte* begin;
  std::size_t size;
  std::string name;
  bool is_checked;

  [[nodiscard]] bool holds(const void* object) const {
    const auto* const byte = static_cast<const std::byte*>(object);
    return byte >= begin && byte < begin + size;
  }
};
std::vector<Named> named;
std::unordered_map<const ObjectRecord*, std::string> kept;

std::string own_name(const ObjectRecord& record) {
  return fmt::format("{} {}", record.type->name, record.number);
}

/// The smallest object with a name that holds this one; null where there is none.
const Named* holder_of(const void* object) {
  const Named* smallest = nullptr;
  for (const Named& each : named) {
    if (each.holds(object) && (smallest == nullptr || each.size < smallest->size)) {
      smallest = &each;
    }
  }
  return smallest;
}

}  // namespace

bool has_object_names() noexcept {
  return !named.empty();
}

void add_object_name(const void* address, std::size_t size, std::string_view name,
                     bool is_checked) {
  const CheckerScope quiet;
  named.push_back({static_cast<const std::byte*>(address), size, std::string(name), is_checked});
}

void keep_object_name(const ObjectRecord& record) {
  const CheckerScope quiet;
  kept[&record] = name_of(record);
}

void forget_object_names() noexcept {
  named.clear();
  kept.clear();
}

std::string name_of(const ObjectRecord& record) {
  if (record.object == nullptr) {
    const auto found = kept.find(&record);
    return found != kept.end() ? found->second : own_name(record);
  }
  const Named* const holder = holder_of(record.object);
  if (holder == nullptr) return own_name(record);
  const bool is_itself = holder->is_checked && holder->begin == record.object;
  return is_itself ? holder->name : holder->name + "." + own_name(record);
}

namespace checker_hooks {

void name_object(const void* address, std::size_t size, std::string_view name, bool is_checked,
                 std::source_location where) {
  static_cast<void>(running(where));
  add_object_name(address, size, name, is_checked);
}

}  // namespace checker_hooks
}  // namespace slabproof::model
