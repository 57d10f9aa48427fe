// The trace as a page: time runs from top to bottom, one row of a grid for each event.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/command/trace_file.h"

namespace slabproof::model {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light; --lane: 44px; }
* { box-sizing: border-box; }
body { font: 15px/1.4 system-ui, sans-serif; color: #1b1f24; background: #fff;
  max-width: 1100px; margin: 0 auto; padding: 12px; }
h1 { font-size: 1.4em; margin: 0 0 .4em; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 0; }
dt { color: #57606a; }
dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: 13px/1.4 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f8fa; padding: 8px; margin: 0; }
.legend { color: #57606a; margin: 14px 0 6px; }
.trace { display: grid; grid-auto-rows: auto; }
.lane-name { position: sticky; top: 0; z-index: 3; background: #fff; font-weight: 600;
  text-align: center; border-bottom: 2px solid #d0d7de; }
.lane { border-left: 1px solid #eaeef2; }
.section { background: #cfd8e3; width: 44%; border-radius: 3px; }
.block { width: 20%; border-radius: 3px; color: #fff; font: 10px/1.5 sans-serif; text-align: center;
  overflow: hidden; }
.mark { width: 9px; height: 9px; border-radius: 50%; background: #1b1f24; z-index: 1;
  margin: 6px 0 0 calc(22% - 4px); }
.event { padding: 0 6px; overflow-wrap: anywhere; border-bottom: 1px solid #f0f2f4; }
.place { color: #57606a; font-size: 12px; }
.number { color: #57606a; font-size: 12px; }
.program-step { font-weight: 600; background: #f6f8fa; }
.failed { background: #ffd7d5; outline: 2px solid #cf222e; }
.clashed { background: #ffe8b3; outline: 2px solid #9a6700; }
.mark.failed { background: #cf222e; }
.mark.clashed { background: #9a6700; }
.left-out { padding: 8px; font-style: italic; }
.c0 { background: #0550ae; } .c1 { background: #116329; } .c2 { background: #8250df; }
.c3 { background: #953800; } .c4 { background: #1b7c83; } .c5 { background: #bf3989; }
@media (max-width: 700px) { :root { --lane: 26px; } body { padding: 6px; font-size: 14px; }
  .lane-name { font-size: 10px; } }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .lane-name { position: static; }
  .event { break-inside: avoid; }
}
)";
constexpr std::size_t kColours = 6;
// Blocks that one thread holds at a time and that are drawn beside each other.
constexpr std::size_t kTracks = 2;

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string place_of(const TraceEvent& event) {
  if (event.place.line == 0) return "";
  return fmt::format("{}:{} {}", event.place.file, event.place.line, event.place.function);
}

std::string what_of(const TraceEvent& event) {
  std::string text = event.operation;
  if (!event.object.empty()) text += " " + event.object;
  if (!event.value.empty()) text += " = " + event.value;
  return text;
}

/// From one event to another, in the lane of a thread: a critical section or a block's owner.
struct Bar {
  int thread = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::string title;
  std::string label;       // of a block; empty for a critical section
  std::size_t colour = 0;  // of a block
  std::size_t track = 0;   // of a block: how many others its owner held when it began
};

/// Finds the bars of a trace.
class BarFinder {
 public:
  explicit BarFinder(const Trace& trace) : trace_(trace) {}

  std::vector<Bar> find() {
    for (std::size_t i = 0; i < trace_.events.size(); ++i) visit(trace_.events[i], i);
    // What the trace does not see the end of lasts until its end.
    for (Bar& bar : open_sections_) close(bar, trace_.events.size() - 1);
    for (auto& [block, bar] : owners_) close(bar, trace_.events.size() - 1);
    return std::move(bars_);
  }

 private:
  void visit(const TraceEvent& event, std::size_t index) {
    if (event.operation == "lock") {
      open_sections_.push_back(bar(event, index, "holds " + event.object));
    } else if (event.operation == "unlock") {
      const auto section = std::ranges::find_if(open_sections_, [&](const Bar& open) {
        return open.thread == event.thread && open.title == "holds " + event.object;
      });
      if (section == open_sections_.end()) return;
      close(*section, index);
      open_sections_.erase(section);
    } else if (event.operation == TraceEvent::kHandOut || event.operation == TraceEvent::kReceive) {
      begin_ownership(event, index);
    } else if (event.block != 0) {
      end_ownership(event, index);
    }
  }

  static Bar bar(const TraceEvent& event, std::size_t index, std::string title) {
    return {.thread = event.thread,
            .first = index,
            .last = index,
            .title = std::move(title),
            .label = {}};
  }

  void close(Bar& bar, std::size_t index) {
    bar.last = index;
    bar.title = fmt::format("{} {}, events {} to {}", thread_name(bar.thread), bar.title,
                            bar.first + 1, index + 1);
    bars_.push_back(bar);
  }

  void begin_ownership(const TraceEvent& event, std::size_t index) {
    const std::size_t number = numbers_.try_emplace(event.block, numbers_.size()).first->second;
    Bar owner = bar(event, index, "owns " + event.object);
    owner.label = std::to_string(number);
    owner.colour = number % kColours;
    owner.track = static_cast<std::size_t>(std::ranges::count_if(
        owners_, [&](const auto& each) { return each.second.thread == event.thread; }));
    owners_.emplace_back(event.block, std::move(owner));
  }

  /// Of two owners, which there should never be, the one that gives it up.
  void end_ownership(const TraceEvent& event, std::size_t index) {
    const auto owner = std::ranges::find_if(owners_, [&](const auto& each) {
      return each.first == event.block && each.second.thread == event.thread;
    });
    if (owner == owners_.end()) return;
    close(owner->second, index);
    owners_.erase(owner);
  }

  const Trace& trace_;
  std::vector<Bar> bars_;
  std::vector<Bar> open_sections_;
  std::vector<std::pair<std::uintptr_t, Bar>> owners_;
  std::map<std::uintptr_t, std::size_t> numbers_;
};

/// Writes the grid: one column for each lane, then the text; one row for each event.
class Grid {
 public:
  explicit Grid(const Trace& trace) : trace_(trace), excerpt_(excerpt_of(trace)) {
    for (const TraceEvent& event : trace.events) {
      lanes_ = std::max(lanes_, static_cast<std::size_t>(event.thread + 2));
    }
  }

  std::string html() {
    html_ = fmt::format(
        "<div class=\"trace\" style=\"grid-template-columns: repeat({}, var(--lane)) minmax(0, "
        "1fr)\">\n",
        lanes_);
    for (std::size_t lane = 0; lane < lanes_; ++lane) write_lane(lane);
    for (const Bar& bar : BarFinder(trace_).find()) write(bar);
    for (std::size_t i = 0; i < trace_.events.size(); ++i) {
      if (is_shown(i)) write(trace_.events[i], i);
    }
    if (excerpt_.left_out != 0) write_gap();
    return html_ + "</div>\n";
  }

 private:
  static std::size_t column_of(int thread) { return static_cast<std::size_t>(thread + 2); }

  [[nodiscard]] bool is_shown(std::size_t event) const {
    return event < excerpt_.head || event >= excerpt_.head + excerpt_.left_out;
  }

  /// The events that are left out have one row together.
  [[nodiscard]] std::size_t row_of(std::size_t event) const {
    if (event < excerpt_.head) return event + 2;
    if (!is_shown(event)) return excerpt_.head + 2;
    return event + 2 - excerpt_.left_out + (excerpt_.left_out == 0 ? 0 : 1);
  }

  void write_lane(std::size_t lane) {
    html_ += fmt::format(
        "<div class=\"lane-name\" style=\"grid-area: 1 / {0}\">{1}</div>"
        "<div class=\"lane\" style=\"grid-area: 2 / {0} / {2} / {0}\"></div>\n",
        lane + 1, thread_name(static_cast<int>(lane) - 1),
        trace_.events.empty() ? 3 : row_of(trace_.events.size() - 1) + 1);
  }

  void write(const Bar& bar) {
    const std::string area =
        fmt::format("grid-area: {} / {} / {} / {}", row_of(bar.first), column_of(bar.thread),
                    row_of(bar.last) + 1, column_of(bar.thread));
    if (bar.label.empty()) {
      html_ += fmt::format("<div class=\"section\" style=\"{}\" title=\"{}\"></div>\n", area,
                           escaped(bar.title));
      return;
    }
    html_ += fmt::format(
        "<div class=\"block c{}\" style=\"{}; margin-left: {}%\" title=\"{}\">{}</div>\n",
        bar.colour, area, 50 + 25 * (bar.track % kTracks), escaped(bar.title), bar.label);
  }

  void write(const TraceEvent& event, std::size_t index) {
    std::string pair = event.failed ? " failed" : "";
    if (event.clashed) pair += " clashed";
    const std::string place = escaped(place_of(event));
    const std::string what = escaped(what_of(event));
    html_ +=
        fmt::format("<div class=\"mark{}\" style=\"grid-area: {} / {}\" title=\"{} {}\"></div>",
                    pair, row_of(index), column_of(event.thread), place, what);
    html_ += fmt::format(
        "<div class=\"event{}{}\" id=\"event-{}\" style=\"grid-area: {} / {}\" title=\"{}\">"
        "<span class=\"number\">{} {}</span> <span class=\"what\">{}</span> "
        "<span class=\"place\">{}</span></div>\n",
        event.operation == TraceEvent::kOperation ? " program-step" : "", pair, index + 1,
        row_of(index), lanes_ + 1, place, index + 1, thread_name(event.thread), what, place);
  }

  void write_gap() {
    html_ += fmt::format(
        "<div class=\"left-out\" style=\"grid-area: {} / 1 / auto / -1\">{} events are left out "
        "here; a trace as JSON has them all.</div>\n",
        excerpt_.head + 2, excerpt_.left_out);
  }

  const Trace& trace_;
  const TraceExcerpt excerpt_;
  std::size_t lanes_ = 1;
  std::string html_;
};

std::string definition(std::string_view term, const std::string& text) {
  if (text.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, text);
}

/// Links to the events of the violating pair.
std::string links_to(const Trace& trace, bool TraceEvent::* mark) {
  std::string links;
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    if (!(trace.events[i].*mark)) continue;
    links += fmt::format("<a href=\"#event-{0}\">event {0}</a>: {1} ", i + 1,
                         escaped(what_of(trace.events[i])));
  }
  return links;
}

}  // namespace

std::string to_html(const TraceHeading& heading, const Trace& trace) {
  const std::string title = heading.property.empty()
                                ? "An execution that holds"
                                : fmt::format("Violation of {}", heading.property);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}: {1}</title>\n<style>{2}</style></head>\n<body>\n<h1>{0}</h1>\n<dl>\n",
      escaped(title), escaped(heading.program), kStyle);
  html += definition("What", escaped(heading.message));
  html += definition("Program", fmt::format("<code>{}</code>", escaped(heading.program)));
  html += definition("Slab", escaped(heading.slab));
  html += definition("Broken at", links_to(trace, &TraceEvent::failed));
  html += definition("Clashes with", links_to(trace, &TraceEvent::clashed));
  if (!heading.replay.empty()) {
    html += definition("Run again", fmt::format("<pre>{}</pre>", escaped(heading.replay)));
  }
  html +=
      "</dl>\n<p class=\"legend\">Time runs down, a lane for each thread. Grey bars are critical "
      "sections; coloured bars are blocks, numbered as they were handed out, in the lane of "
      "their owner. Each dot is an event; hover over it for its source line.</p>\n";
  html += Grid(trace).html();
  return html + "</body></html>\n";
}

}  // namespace slabproof::model
