#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "model/program/program.h"

namespace slabproof::model {
namespace {

using Json = nlohmann::json;

/// Walks over a text and tells how far the parser has read, which the parser itself does not.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* place, std::size_t* count) : place_(place), count_(count) {}
  reference operator*() const { return *place_; }
  CountingIterator& operator++() {
    ++place_;
    ++*count_;
    return *this;
  }
  friend bool operator==(const CountingIterator& left, const CountingIterator& right) {
    return left.place_ == right.place_;
  }

 private:
  const char* place_;
  std::size_t* count_;
};

/// A token as a message shows it: hostile bytes made visible, and not at any length.
std::string in_quotes(std::string_view token) {
  constexpr std::size_t kShown = 24;
  return Json(std::string(token.substr(0, kShown)))
      .dump(-1, ' ', true, Json::error_handler_t::replace);
}

struct Token {
  std::string text;
  std::size_t position = 0;
};

/// Collects the tokens of the one shape that is allowed and stops at the first thing that does not
/// belong to it, so a hostile document costs no more than its first wrong byte.
class Collector : public nlohmann::json_sax<Json> {
 public:
  explicit Collector(std::string_view document) : document_(document) {}

  [[nodiscard]] std::size_t* consumed() { return &consumed_; }
  [[nodiscard]] const std::vector<std::vector<Token>>& threads() const { return threads_; }
  [[nodiscard]] const ParseError& error() const { return error_; }

  bool start_object(std::size_t /*size*/) override {
    if (where_ != Where::kDocument) return refuse();
    return go(Where::kObject);
  }
  bool key(string_t& name) override {
    if (name != "threads" || seen_threads_) return refuse();
    seen_threads_ = true;
    return go(where_);
  }
  bool end_object() override {
    if (!seen_threads_) return refuse();
    return go(Where::kEnd);
  }
  bool start_array(std::size_t /*size*/) override {
    if (where_ == Where::kObject) return go(Where::kThreads);
    if (where_ != Where::kThreads) return refuse();
    if (threads_.size() == kMaxThreads) {
      return fail(token_start(), fmt::format("a program has at most {} threads.", kMaxThreads));
    }
    threads_.emplace_back();
    return go(Where::kThread);
  }
  bool end_array() override {
    return go(where_ == Where::kThread ? Where::kThreads : Where::kObject);
  }
  bool string(string_t& text) override {
    if (where_ != Where::kThread) return refuse();
    if (threads_.back().size() == kMaxOpsPerThread) {
      return fail(token_start(),
                  fmt::format("a thread has at most {} operations.", kMaxOpsPerThread));
    }
    threads_.back().push_back({text, token_start()});
    return go(where_);
  }
  bool null() override { return refuse(); }
  bool boolean(bool /*value*/) override { return refuse(); }
  bool number_integer(number_integer_t /*value*/) override { return refuse(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return refuse(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return refuse();
  }
  bool binary(binary_t& /*value*/) override { return refuse(); }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& /*cause*/) override {
    const std::size_t start = std::min(position == 0 ? 0 : position - 1, document_.size());
    if (start == document_.size()) return fail(start, "the document ends too early.");
    return fail(start, fmt::format("{} does not continue a JSON document.", in_quotes(last_token)));
  }

 private:
  enum class Where { kDocument, kObject, kThreads, kThread, kEnd };

  bool go(Where where) {
    where_ = where;
    token_end_ = consumed_;
    return true;
  }
  bool fail(std::size_t position, std::string_view sentence) {
    error_ = {position, fmt::format("At byte {}: {}", position, sentence)};
    return false;
  }
  /// The event at hand is a well-formed token, but not one that a program has there.
  bool refuse() {
    const std::size_t start = token_start();
    std::string_view token = document_.substr(start, consumed_ - start);
    // The end of a number shows only in what follows it.
    if (token.size() > 1 && std::string_view(" \t\r\n,]}").contains(token.back())) {
      token.remove_suffix(1);
    }
    return fail(start, fmt::format("{} does not belong there; a program is "
                                   R"({{"threads": [["a", "f"], ["a3", "F"]]}}.)",
                                   in_quotes(token)));
  }
  /// Between two tokens stand only separators, so the present one begins after those.
  [[nodiscard]] std::size_t token_start() const {
    return std::min(document_.find_first_not_of(" \t\r\n,:", token_end_), document_.size());
  }

  std::string_view document_;
  std::size_t consumed_ = 0;
  std::size_t token_end_ = 0;
  Where where_ = Where::kDocument;
  bool seen_threads_ = false;
  std::vector<std::vector<Token>> threads_;
  ParseError error_;
};

}  // namespace

std::expected<Program, ParseError> program_from_json(std::string_view json) {
  Collector collector(json);
  const CountingIterator first(json.data(), collector.consumed());
  const CountingIterator last(json.data() + json.size(), collector.consumed());
  if (!Json::sax_parse(first, last, &collector)) return std::unexpected(collector.error());

  Program program;
  for (const std::vector<Token>& tokens : collector.threads()) {
    std::vector<Op>& ops = program.threads.emplace_back();
    for (const Token& token : tokens) {
      const auto op = parse_op(token.text, collector.threads().size());
      if (!op) {
        return std::unexpected(ParseError{
            token.position, fmt::format("At byte {}: {}", token.position, op.error().message)});
      }
      ops.push_back(*op);
    }
  }
  if (auto defect = defect_of(program)) return std::unexpected(ParseError{0, *std::move(defect)});
  return program;
}

std::string to_json(const Program& program) {
  Json threads = Json::array();
  for (const std::vector<Op>& ops : program.threads) {
    Json& tokens = threads.emplace_back(Json::array());
    for (const Op op : ops) tokens.push_back(to_text(op));
  }
  return Json{{"threads", std::move(threads)}}.dump();
}

}  // namespace slabproof::model
