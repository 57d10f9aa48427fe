#ifndef SLABPROOF_TESTS_SUPPORT_SLAB_KIND_H_
#define SLABPROOF_TESTS_SUPPORT_SLAB_KIND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "model/slab/any_slab.h"

namespace slabproof::testing {

/// One configuration of a slab that an engine tries. It includes no header of the library: see
/// `AnySlab`.
struct SlabKind {
  std::string name;  ///< such as "growable all NoProtection mmap 24/8"
  std::unique_ptr<model::AnySlab> (*make_adapter)() = nullptr;
  model::SlabTraits traits{};
  /// Bytes in whose multiples `trim` gives memory back; 0 for a backing that gives nothing back.
  std::size_t page = 0;
  std::size_t max_region_bytes = 0;  ///< 0 unless the backing is of fixed size

  /// `initial_segments` is for a growable slab.
  [[nodiscard]] model::OwnedSlab make(std::size_t capacity, std::uint32_t initial_segments) const {
    return model::construct(make_adapter(), capacity, initial_segments);
  }
};

/// The kind that `Adapter` makes, an adapter of `model/slab`.
template <class Adapter>
[[nodiscard]] SlabKind slab_kind(std::string name) {
  SlabKind kind{.name = std::move(name), .make_adapter = []() -> std::unique_ptr<model::AnySlab> {
                  return std::make_unique<Adapter>();
                }};
  kind.traits = kind.make_adapter()->traits();
  return kind;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SLAB_KIND_H_
