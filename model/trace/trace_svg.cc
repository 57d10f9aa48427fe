#include "model/trace/trace_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "model/trace/trace_rows.h"

namespace slabproof::model {
namespace {

// Pixels.
constexpr std::size_t kWidth = 1100;
constexpr std::size_t kMargin = 16;
constexpr std::size_t kLine = 20;
constexpr std::size_t kWidestLane = 96;
constexpr std::size_t kWidthOfLanes = 560;

constexpr std::size_t kHeadingCharacters = 140;
constexpr double kCharacterWidth = 7.3;
constexpr std::size_t kShownAtEachEnd = 300;

constexpr std::string_view kStyle =
    "text { font: 12px ui-monospace, monospace; fill: #1b1f24; } .title { font-weight: 600; } "
    ".page { fill: #fff; } .lane { stroke: #d0d7de; } .section { fill: #b6c2cf; } "
    ".step { fill: #1b1f24; } .failed { fill: #cf222e; } .clashed { fill: #bf8700; } "
    ".pair { stroke: #cf222e; stroke-dasharray: 5 4; fill: none; } "
    "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .page { fill: #0d1117; } "
    ".lane { stroke: #30363d; } .section { fill: #485564; } .step { fill: #e6edf3; } "
    ".failed { fill: #ff7b72; } .clashed { fill: #e3b341; } .pair { stroke: #ff7b72; } }";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '<':
        result += "&lt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        // XML has no other control characters.
        result += static_cast<unsigned char>(character) < ' ' ? ' ' : character;
    }
  }
  return result;
}

/// Of UTF-8: whether a character began before this byte.
bool is_inside_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

/// At spaces where there are any.
std::vector<std::string_view> broken_into_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (text.size() > kHeadingCharacters) {
    const std::size_t space = text.substr(0, kHeadingCharacters).rfind(' ');
    std::size_t length = space == std::string_view::npos ? kHeadingCharacters : space + 1;
    while (length > 1 && is_inside_character(text[length])) --length;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  lines.push_back(text);
  return lines;
}

/// Draws from top to bottom.
class Drawing {
 public:
  Drawing(const TraceHeading& heading, const Trace& trace) : trace_(trace), rows_(rows_of(trace)) {
    for (const TraceEvent& event : trace.events) threads_.push_back(event.thread);
    std::ranges::sort(threads_);
    const auto repeated = std::ranges::unique(threads_);
    threads_.erase(repeated.begin(), repeated.end());
    lane_ = std::min(kWidestLane, kWidthOfLanes / std::max<std::size_t>(threads_.size(), 1));
    add_heading(heading);
    add_lanes();
    add_rows();
    add_pair();
  }

  [[nodiscard]] std::string text() const {
    const std::size_t height = y_ + kMargin;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<style>{2}</style>\n"
        "<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n{3}</svg>\n",
        kWidth, height, kStyle, body_);
  }

 private:
  void add_text(std::size_t x, std::size_t y, std::string_view text, std::string_view style = "") {
    body_ += fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", x, y,
                         style.empty() ? "" : fmt::format(" class=\"{}\"", style), escaped(text));
  }
  void add_paragraph(std::string_view text, std::string_view style = "") {
    if (text.empty()) return;
    for (const std::string_view line : broken_into_lines(text)) {
      y_ += kLine;
      add_text(kMargin, y_, line, style);
    }
  }

  void add_heading(const TraceHeading& heading) {
    const std::string title =
        heading.property.empty() ? "An execution that holds" : "Violation of " + heading.property;
    body_ += fmt::format("<title>{}</title>\n", escaped(title + ": " + heading.program));
    add_paragraph(title, "title");
    add_paragraph(heading.message);
    if (!heading.program.empty()) add_paragraph("program: " + heading.program);
    if (!heading.slab.empty()) add_paragraph("slab: " + heading.slab);
    y_ += kLine / 2;
  }

  [[nodiscard]] std::size_t middle_of(int thread) const {
    const auto lane = std::ranges::find(threads_, thread) - threads_.begin();
    return kMargin + static_cast<std::size_t>(lane) * lane_ + lane_ / 2;
  }
  [[nodiscard]] bool is_long() const { return rows_.size() > 2 * kShownAtEachEnd; }

  void add_lanes() {
    y_ += kLine;
    const std::size_t shown = is_long() ? 2 * kShownAtEachEnd + 1 : rows_.size();
    for (const int thread : threads_) {
      const std::size_t x = middle_of(thread);
      body_ +=
          fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                      x, y_, escaped(thread_name(trace_, thread)));
      body_ += fmt::format("<line class=\"lane\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/>\n",
                           x, y_ + kLine / 4, y_ + kLine * (shown + 1));
    }
    y_ += kLine / 2;
  }

  void add_rows() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const bool is_shown =
          !is_long() || i < kShownAtEachEnd || i + kShownAtEachEnd >= rows_.size();
      if (is_shown) add_row(rows_[i]);
      if (!is_shown && i == kShownAtEachEnd) {
        y_ += kLine;
        add_text(
            text_column(), y_,
            fmt::format("... {} rows are left out here ...", rows_.size() - 2 * kShownAtEachEnd));
      }
    }
  }

  void add_row(const TraceRow& row) {
    y_ += kLine;
    const std::size_t x = middle_of(trace_.events[row.first].thread);
    const std::string_view pair = row.failed ? " failed" : row.clashed ? " clashed" : "";
    // Half a line above the foot of the letters is their middle.
    const std::size_t middle = y_ - 4;
    if (row.failed) failed_ = Point{x, middle};
    if (row.clashed) clashed_ = Point{x, middle};
    if (row.is_section) {
      constexpr std::size_t kBar = 28;
      body_ += fmt::format(
          "<rect class=\"section{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>\n",
          pair, x - kBar / 2, middle - kLine / 2 + 2, kBar, kLine - 4);
    } else {
      body_ +=
          fmt::format("<circle class=\"step{}\" cx=\"{}\" cy=\"{}\" r=\"4\"/>\n", pair, x, middle);
    }
    std::string text = fmt::format("{} {}", row.first + 1, row.text);
    const auto room = static_cast<std::size_t>(
        static_cast<double>(kWidth - kMargin - text_column()) / kCharacterWidth);
    if (text.size() > room) {
      std::size_t end = room - 3;
      while (end != 0 && is_inside_character(text[end])) --end;
      text = text.substr(0, end) + "...";
    }
    add_text(text_column(), y_, text, row.failed || row.clashed ? "title" : "");
  }

  void add_pair() {
    if (!failed_ || !clashed_) return;
    body_ += fmt::format("<line class=\"pair\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
                         clashed_->x, clashed_->y, failed_->x, failed_->y);
  }

  [[nodiscard]] std::size_t text_column() const {
    return kMargin + threads_.size() * lane_ + kMargin;
  }

  struct Point {
    std::size_t x;
    std::size_t y;
  };

  const Trace& trace_;
  const std::vector<TraceRow> rows_;
  std::vector<int> threads_;
  std::size_t lane_ = kWidestLane;
  std::size_t y_ = kMargin / 2;
  std::string body_;
  std::optional<Point> failed_;
  std::optional<Point> clashed_;
};

}  // namespace

std::string to_svg(const TraceHeading& heading, const Trace& trace) {
  return Drawing(heading, trace).text();
}

}  // namespace slabproof::model
