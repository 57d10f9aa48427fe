#include "fuzz/slab/block_pattern.h"

#include <cstring>

namespace slabproof::fuzz {
namespace {

constexpr std::byte byte_of(std::uint64_t serial) {
  return static_cast<std::byte>(serial % 251 + 1);
}

}  // namespace

void fill_block(std::byte* data, std::size_t size, std::uint64_t serial) {
  std::memset(data, static_cast<int>(byte_of(serial)), size);
  std::memcpy(data, &serial, sizeof(serial));
}

bool block_is_intact(const std::byte* data, std::size_t size, std::uint64_t serial) {
  if (std::memcmp(data, &serial, sizeof(serial)) != 0) return false;
  const std::byte* const rest = data + sizeof(serial);
  const std::size_t rest_size = size - sizeof(serial);
  if (rest_size == 0) return true;
  return rest[0] == byte_of(serial) && std::memcmp(rest, rest + 1, rest_size - 1) == 0;
}

}  // namespace slabproof::fuzz
