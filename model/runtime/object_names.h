#ifndef SLABPROOF_MODEL_RUNTIME_OBJECT_NAMES_H_
#define SLABPROOF_MODEL_RUNTIME_OBJECT_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "model/runtime/object_table.h"

namespace slabproof::model {

// How traces and messages of the running execution call its objects.

/// Whether the program has named any: else nothing is to be kept.
[[nodiscard]] bool has_object_names() noexcept;
/// Of an object at `address` that is `size` bytes large. `is_checked`: it is a checked object
/// itself, and does not only hold some.
void add_object_name(const void* address, std::size_t size, std::string_view name, bool is_checked);
/// The object of `record` is about to end: its name stays.
void keep_object_name(const ObjectRecord& record);
void forget_object_names() noexcept;

/// "head" or "ring.atomic 7" where the program has named it or what it lies in, else "Node 7".
[[nodiscard]] std::string name_of(const ObjectRecord& record);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_OBJECT_NAMES_H_
