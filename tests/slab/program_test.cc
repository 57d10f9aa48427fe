#include "model/program/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <sstream>

namespace slabproof::model {
namespace {

using Kind = Op::Kind;
using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(std::string_view token, std::size_t times, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) {
    if (i != 0) text += separator;
    text += token;
  }
  return text;
}

std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::size_t size) {
  std::uniform_int_distribution<int> byte(0, std::numeric_limits<std::uint8_t>::max());
  std::vector<std::uint8_t> bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(byte(random)); });
  return bytes;
}

// Text.

struct TokenCase {
  std::string_view token;
  Op op;
};

class EachToken : public testing::TestWithParam<TokenCase> {};

TEST_P(EachToken, StandsForItsOperation) {
  const auto program = parse_program(GetParam().token);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(*program, (Program{{{GetParam().op}}}));
}

TEST_P(EachToken, IsWhatItsOperationIsWrittenAs) {
  EXPECT_EQ(to_text(GetParam().op), GetParam().token);
}

INSTANTIATE_TEST_SUITE_P(
    Program, EachToken,
    testing::Values(TokenCase{"a", {Kind::kAllocate, 1}}, TokenCase{"a3", {Kind::kAllocate, 3}},
                    TokenCase{"a16", {Kind::kAllocate, 16}},
                    TokenCase{"f", {Kind::kFree, Op::kNewest}}, TokenCase{"f@0", {Kind::kFree, 0}},
                    TokenCase{"f@254", {Kind::kFree, 254}}, TokenCase{"F", {Kind::kFreeAll, 0}},
                    TokenCase{"g>0", {Kind::kGive, 0}}, TokenCase{"t", {Kind::kTake, 0}},
                    TokenCase{"x", {Kind::kFreeForeign, 0}},
                    TokenCase{"m", {Kind::kFreeMisaligned, 0}},
                    TokenCase{"d", {Kind::kFreeAgain, 0}}, TokenCase{"u", {Kind::kUsableSize, 0}},
                    TokenCase{"c", {Kind::kCapacityBytes, 0}},
                    TokenCase{"n", {Kind::kSegmentCount, 0}}, TokenCase{"s", {Kind::kStats, 0}},
                    TokenCase{"r", {Kind::kTrim, 0}}, TokenCase{"!", {Kind::kFailNextRequest, 0}}));

TEST(Operations, AreReadFromTheTokensThatTheyAreWrittenAs) {
  for (const OperationTraits& traits : kOperations) {
    std::istringstream tokens(tokens_of(traits));
    for (std::string token; tokens >> token;) {
      const auto op = parse_op(token, kMaxThreads);
      ASSERT_TRUE(op) << op.error().message;
      EXPECT_EQ(op->kind, traits.kind) << token;
      EXPECT_EQ(to_text(*op), token);
    }
  }
}

TEST(Operations, AreNamedByTheMessageOnAWrongOne) {
  const auto op = parse_op("q", 1);
  ASSERT_FALSE(op);
  EXPECT_THAT(op.error().message, HasSubstr("a a3 f f@1 F g>2 t x m d u c n s r !"));
}

TEST(ProgramText, ThreadsAreSeparatedByBarsAndOperationsBySpaces) {
  const auto program = parse_program("a f | a a3 f@1 F");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(
      *program,
      (Program{
          {{{Kind::kAllocate, 1}, {Kind::kFree, Op::kNewest}},
           {{Kind::kAllocate, 1}, {Kind::kAllocate, 3}, {Kind::kFree, 1}, {Kind::kFreeAll, 0}}}}));
}

TEST(ProgramText, SpacesMayBeAnyWhiteSpaceAndAreNotNeededAtBars) {
  EXPECT_EQ(parse_program("\ta  f|\n a f \r\n"), parse_program("a f | a f"));
}

TEST(ProgramText, IsWrittenInOneWay) {
  const auto program = parse_program(" a1 f|g>0\tt ");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(to_text(*program), "a f | g>0 t");
}

TEST(ProgramText, ABlockIsGivenToAThreadThatComesLater) {
  EXPECT_TRUE(parse_program("a g>2 | a | t f"));
}

TEST(ProgramText, TheLargestProgramIsOne) {
  const std::string text = repeated(repeated("a16", kMaxOpsPerThread, " "), kMaxThreads, " | ");
  const auto program = parse_program(text);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(to_text(*program), text);
}

struct BadText {
  std::string_view name;
  std::string text;
  std::size_t position;
  std::string_view quote;
};

void PrintTo(const BadText& bad, std::ostream* stream) {
  *stream << bad.text;
}

class RefusedText : public testing::TestWithParam<BadText> {};

TEST_P(RefusedText, IsRefusedWithTokenAndPosition) {
  const auto program = parse_program(GetParam().text);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().position, GetParam().position);
  EXPECT_THAT(program.error().message,
              StartsWith("At byte " + std::to_string(GetParam().position) + ": "));
  EXPECT_THAT(program.error().message, HasSubstr(GetParam().quote));
}

INSTANTIATE_TEST_SUITE_P(
    Program, RefusedText,
    testing::Values(
        BadText{"unknown_letter", "a q f", 2, R"("q")"}, BadText{"word", "a free", 2, R"("free")"},
        BadText{"batch_of_none", "a0", 0, R"("a0")"},
        BadText{"batch_too_large", "f a17", 2, R"("a17")"},
        BadText{"leading_zero", "a03", 0, R"("a03")"}, BadText{"sign", "a+3", 0, R"("a+3")"},
        BadText{"negative", "f@-1", 0, R"("f@-1")"}, BadText{"trailing", "a3x", 0, R"("a3x")"},
        BadText{"huge_number", "a99999999999999999999", 0, R"("a99999999999999999999")"},
        BadText{"position_missing", "a f@", 2, R"("f@")"},
        BadText{"position_too_large", "f@255", 0, R"("f@255")"},
        BadText{"receiver_missing", "g>", 0, R"("g>")"},
        BadText{"receiver_unknown", "a g>2 | t", 2, R"("g>2")"}, BadText{"empty", "", 0, "the end"},
        BadText{"blank", " \n", 2, "the end"}, BadText{"no_first_thread", "| a", 0, R"("|")"},
        BadText{"no_middle_thread", "a | | a", 4, R"("|")"},
        BadText{"no_last_thread", "a |", 3, "the end"},
        BadText{"thread_too_many", repeated("a", kMaxThreads + 1, "|"), 15, R"("|")"},
        BadText{"operation_too_many", repeated("a", kMaxOpsPerThread + 1, " "), 64, R"("a")"},
        BadText{"nul", std::string("a \0", 3), 2, R"("\x00")"},
        BadText{"not_ascii", "a \xff\xfe", 2, R"("\xff\xfe")"},
        BadText{"quote", "a \"", 2, R"("\x22")"},
        BadText{"very_long", std::string(1U << 20U, 'a'), 0, R"("aaaaaaaaaaaaaaaaaaaaaaaa...")"}),
    [](const auto& bad) { return std::string(bad.param.name); });

// What is not a text can still not be a program.

TEST(ProgramDefect, AWellFormedProgramHasNone) {
  EXPECT_EQ(defect_of(Program{{{{Kind::kAllocate, 1}, {Kind::kFree, Op::kNewest}}}}), std::nullopt);
}

TEST(ProgramDefect, IsAThreadWithoutOperations) {
  EXPECT_THAT(defect_of(Program{{{{Kind::kAllocate, 1}}, {}}}).value_or(""),
              HasSubstr("Thread 1 has 0 operations"));
}

TEST(ProgramDefect, IsToHaveNoThreads) {
  EXPECT_THAT(defect_of(Program{}).value_or(""), HasSubstr("not 0"));
}

TEST(ProgramDefect, IsABatchOfNone) {
  EXPECT_THAT(defect_of(Program{{{{Kind::kAllocate, 0}}}}).value_or(""), HasSubstr("\"a0\""));
}

TEST(ProgramDefect, IsAReceiverThatDoesNotExist) {
  EXPECT_THAT(defect_of(Program{{{{Kind::kGive, 3}}}}).value_or(""), HasSubstr("\"g>3\""));
}

TEST(ProgramDefect, IsAnArgumentWhereNoneIsTaken) {
  EXPECT_THAT(defect_of(Program{{{{Kind::kTake, 3}}}}).value_or(""), HasSubstr("no token"));
}

// Bytes.

TEST(ProgramBytes, NoBytesAreTheShortestProgram) {
  EXPECT_EQ(program_from_bytes({}), parse_program("a"));
}

TEST(ProgramBytes, EveryByteStringIsAWellFormedProgram) {
  std::mt19937 random(1);
  for (std::size_t i = 0; i < 20'000; ++i) {
    const auto bytes = random_bytes(random, i % 400);
    const Program program = program_from_bytes(bytes);
    ASSERT_EQ(defect_of(program), std::nullopt) << to_text(program);
  }
}

TEST(ProgramBytes, EverySingleByteIsAWellFormedProgram) {
  for (int byte = 0; byte <= std::numeric_limits<std::uint8_t>::max(); ++byte) {
    const auto code = static_cast<std::uint8_t>(byte);
    ASSERT_EQ(defect_of(program_from_bytes(std::span(&code, 1))), std::nullopt) << byte;
  }
}

TEST(ProgramBytes, EachKindOfOperationComesFromSomeBytes) {
  std::mt19937 random(2);
  std::vector<bool> seen(kOperations.size());
  for (std::size_t i = 0; i < 20; ++i) {
    for (const auto& ops : program_from_bytes(random_bytes(random, 600)).threads) {
      for (const Op op : ops) seen[static_cast<std::size_t>(op.kind)] = true;
    }
  }
  EXPECT_THAT(seen, testing::Each(true));
}

TEST(ProgramBytes, OperationsBeyondTheLimitAreLeftOut) {
  const std::vector<std::uint8_t> bytes(kMaxOpsPerThread + 5, 1);
  EXPECT_EQ(program_from_bytes(bytes), parse_program(repeated("a", kMaxOpsPerThread, " ")));
}

TEST(ProgramBytes, ThreadsBeyondTheLimitAreLeftOut) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < kMaxThreads + 3; ++i) bytes.insert(bytes.end(), {1, 0});
  EXPECT_EQ(program_from_bytes(bytes), parse_program(repeated("a", kMaxThreads, "|")));
}

// Every form carries the same programs.

class RandomPrograms : public testing::Test {
 protected:
  static void for_each_program(const std::function<void(const Program&)>& check) {
    std::mt19937 random(3);
    for (std::size_t i = 0; i < 5'000; ++i) {
      const Program program = program_from_bytes(random_bytes(random, i % 300));
      SCOPED_TRACE(to_text(program));
      check(program);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_F(RandomPrograms, ReadBackFromText) {
  for_each_program([](const Program& program) {
    const auto reread = parse_program(to_text(program));
    ASSERT_TRUE(reread) << reread.error().message;
    ASSERT_EQ(*reread, program);
  });
}

TEST_F(RandomPrograms, ReadBackFromBytes) {
  for_each_program(
      [](const Program& program) { ASSERT_EQ(program_from_bytes(to_bytes(program)), program); });
}

TEST(ProgramText, RandomTextOfTokensIsEitherRefusedOrReadsBack) {
  std::string alphabet = "|@>0123456789 \t\"\xff";
  for (const OperationTraits& traits : kOperations) alphabet += traits.letter;
  std::mt19937 random(4);
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < 50'000; ++i) {
    std::string text(1 + i % 9, ' ');
    std::ranges::generate(text, [&] { return alphabet[pick(random)]; });
    const auto program = parse_program(text);
    if (!program) {
      ASSERT_LE(program.error().position, text.size()) << text;
      continue;
    }
    ++accepted;
    ASSERT_EQ(parse_program(to_text(*program)), program) << text;
  }
  EXPECT_GT(accepted, 1'000U);
}

}  // namespace
}  // namespace slabproof::model
