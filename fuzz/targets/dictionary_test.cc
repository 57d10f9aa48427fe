// The words that parser_fuzzer.dict gives to libFuzzer are the operations of the program language.

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "model/program/operation.h"
#include "model/program/program.h"

namespace slabproof::fuzz {
namespace {

TEST(ParserDictionary, HasEachOperationAndNoOtherWord) {
  std::set<char> missing;
  for (const model::OperationTraits& each : model::kOperations) missing.insert(each.letter);
  std::ifstream dictionary("fuzz/targets/dictionaries/parser_fuzzer.dict");
  for (std::string line; std::getline(dictionary, line);) {
    if (!line.starts_with('"')) continue;
    const std::string word = line.substr(1, line.size() - 2);
    if (word == " | ") continue;
    EXPECT_TRUE(model::parse_program(word + " | a | a").has_value()) << word;
    missing.erase(word.front());
  }
  EXPECT_EQ(missing, std::set<char>{});
}

}  // namespace
}  // namespace slabproof::fuzz
