#ifndef SLABPROOF_TESTS_SLAB_ORACLE_MATCHERS_H_
#define SLABPROOF_TESTS_SLAB_ORACLE_MATCHERS_H_

#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "model/slab/violation.h"

namespace slabproof::model {

inline void PrintTo(const Violation& violation, std::ostream* stream) {
  *stream << violation.property << ": " << violation.message;
}

/// The settings of a slab whose phase 3 looks at all segments, or at new ones only.
inline Setting all(std::uint32_t capacity, std::uint32_t initial_segments = 0) {
  return {{.capacity = capacity, .initial_segments = initial_segments}};
}
inline Setting only_new(std::uint32_t capacity, std::uint32_t initial_segments = 0) {
  return {{.capacity = capacity, .initial_segments = initial_segments, .recheck_all = false}};
}

inline auto holds() {
  return testing::Eq(std::nullopt);
}

inline auto violates(std::string_view property) {
  return testing::Optional(testing::Field(&Violation::property, std::string(property)));
}

/// No verdict on the slab.
inline auto violates(HistoryStatus status) {
  return testing::Optional(testing::Field(&Violation::status, status));
}

/// With the pair of operations that clash.
inline auto violates(std::string_view property, OpId first, OpId other) {
  return testing::Optional(
      testing::AllOf(testing::Field(&Violation::property, std::string(property)),
                     testing::Field(&Violation::first, testing::Optional(first)),
                     testing::Field(&Violation::other, testing::Optional(other))));
}

/// With the critical sections of the two at which it shows.
inline auto violates_at(std::size_t first_section, std::size_t other_section) {
  return testing::Optional(
      testing::AllOf(testing::Field(&Violation::first_section, testing::Optional(first_section)),
                     testing::Field(&Violation::other_section, testing::Optional(other_section))));
}

/// With words of its message.
inline auto violates(std::string_view property, std::string_view words) {
  return testing::Optional(
      testing::AllOf(testing::Field(&Violation::property, std::string(property)),
                     testing::Field(&Violation::message, testing::HasSubstr(std::string(words)))));
}

}  // namespace slabproof::model

#endif  // SLABPROOF_TESTS_SLAB_ORACLE_MATCHERS_H_
