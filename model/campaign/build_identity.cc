#include "model/campaign/build_identity.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <stdexcept>
#include <vector>

#include "model/states/fingerprint.h"

namespace slabproof::model {

std::string build_identity() {
  constexpr const char* kThisProgram = "/proc/self/exe";
  std::ifstream stream(kThisProgram, std::ios::binary | std::ios::ate);
  const std::streamoff bytes = stream ? std::streamoff{stream.tellg()} : 0;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::vector<std::uint64_t> words((static_cast<std::size_t>(bytes) + kWord - 1) / kWord);
  stream.seekg(0).read(reinterpret_cast<char*>(words.data()), bytes);
  if (!stream || words.empty()) {
    throw std::runtime_error(fmt::format("cannot read {}", kThisProgram));
  }
  const Fingerprint fingerprint = fingerprint_of(words);
  return fmt::format("{:016x}{:016x}", fingerprint.high, fingerprint.low);
}

}  // namespace slabproof::model
