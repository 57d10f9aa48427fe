// What a file with a trace holds, and how a trace folds.

#include "model/trace/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/trace/trace_dot.h"
#include "model/trace/trace_rows.h"
#include "model/trace/trace_svg.h"

namespace slabproof::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kMarkup = "</script><b>&\"";

/// A trace whose texts are markup.
std::string page_of_markup() {
  const std::string text(kMarkup);
  TraceEvent event;
  event.object = text;
  return to_html({.program = "a", .slab = "", .property = "S1", .message = text, .replay = ""},
                 Trace{{event}});
}

/// The JSON that the page holds.
nlohmann::json data_of(const std::string& page) {
  constexpr std::string_view kBegin = R"(<script type="application/json" id="data">)";
  const std::size_t begin = page.find(kBegin) + kBegin.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(TracePage, HoldsNoTextOfTheTraceAsMarkup) {
  EXPECT_THAT(page_of_markup(), Not(HasSubstr("</script><b>")));
}

TEST(TracePage, HoldsEachTextUnchanged) {
  const nlohmann::json data = data_of(page_of_markup());
  EXPECT_EQ(data.at("message"), kMarkup);
  EXPECT_EQ(data.at("events").at(0).at("object"), kMarkup);
}

TEST(TraceFile, HasTheFormThatItsNameAsksFor) {
  const TraceHeading heading{
      .program = "a", .slab = "", .property = "", .message = "", .replay = ""};
  EXPECT_EQ(render_trace("trace.json", heading, Trace()), to_json(heading, Trace()));
  EXPECT_EQ(render_trace("trace.html", heading, Trace()), to_html(heading, Trace()));
  EXPECT_EQ(render_trace("trace.svg", heading, Trace()), to_svg(heading, Trace()));
  EXPECT_EQ(render_trace("trace", heading, Trace()), to_text(Trace()));
}

Trace two_events() {
  TraceGraph::Event store{
      .thread = 0, .place = {}, .operation = "store", .object = "x \"1\"", .value = "1"};
  TraceGraph::Event load = store;
  load.thread = 1;
  load.operation = "load";
  load.reads_from = 0;
  Trace trace;
  trace.graph = {.events = {store, load}, .coherence = {{0, 1}}};
  return trace;
}

TEST(TraceDot, HasAnArrowForEachReadAndForEachStepOfCoherence) {
  const std::string dot = to_dot("a\nb", two_events());
  EXPECT_THAT(dot, HasSubstr("label=\"a\\nb\""));
  EXPECT_THAT(dot, HasSubstr("e0 [label=\"store x \\\"1\\\" = 1"));
  EXPECT_THAT(dot, HasSubstr("e0 -> e1 [label=rf"));
  EXPECT_THAT(dot, HasSubstr("e0 -> e1 [label=co"));
}

TEST(TraceDot, NamesThePlaceOfAnEventWhereItIsKnown) {
  Trace trace = two_events();
  trace.graph.events[1].place = {.file = "stack.h", .line = 7, .function = "push"};
  const std::string dot = to_dot("", trace);
  EXPECT_THAT(dot, HasSubstr(R"(e0 [label="store x \"1\" = 1"])"));
  EXPECT_THAT(dot, HasSubstr(R"(e1 [label="load x \"1\" = 1\nstack.h:7"])"));
}

TEST(TracePage, HoldsTheGraph) {
  const nlohmann::json data = data_of(to_html({}, two_events()));
  EXPECT_EQ(data.at("graph").at("events").at(1).at("reads_from"), 0);
  EXPECT_EQ(data.at("graph").at("coherence"), nlohmann::json({{0, 1}}));
}

// ---- folded ----

TraceEvent event(int thread, std::string operation, std::string object = "",
                 std::string value = "") {
  return {.thread = thread,
          .place = {.file = "stack.h", .line = 7, .function = "push"},
          .operation = std::move(operation),
          .object = std::move(object),
          .value = std::move(value)};
}

/// The events of each row.
std::vector<std::size_t> counts_of(const std::vector<TraceEvent>& events) {
  std::vector<std::size_t> counts;
  for (const TraceRow& row : rows_of({.events = events})) counts.push_back(row.count);
  return counts;
}

TEST(TraceRows, HaveACriticalSectionFromItsLockToItsUnlock) {
  EXPECT_THAT(counts_of({event(0, "operation"), event(0, "lock", "mutex 0"), event(0, "write", "x"),
                         event(0, "unlock", "mutex 0"), event(0, "read", "x")}),
              ElementsAre(1, 3, 1));
}

TEST(TraceRows, HaveTwoCriticalSectionsOfAThreadApart) {
  EXPECT_THAT(counts_of({event(0, "lock", "mutex 0"), event(0, "unlock", "mutex 0"),
                         event(0, "lock", "mutex 0"), event(0, "unlock", "mutex 0")}),
              ElementsAre(2, 2));
}

TEST(TraceRows, HaveASectionWithinASectionInOne) {
  EXPECT_THAT(counts_of({event(0, "lock", "mutex 0"), event(0, "lock", "mutex 1"),
                         event(0, "unlock", "mutex 1"), event(0, "unlock", "mutex 0")}),
              ElementsAre(4));
}

TEST(TraceRows, HaveASectionThatAnotherThreadInterruptsInParts) {
  EXPECT_THAT(counts_of({event(0, "lock", "mutex 0"), event(1, "read", "x"), event(1, "read", "y"),
                         event(0, "write", "x"), event(0, "unlock", "mutex 0")}),
              ElementsAre(1, 2, 2));
}

TEST(TraceRows, HaveEachAtomicStepOutsideASectionApartAndPlainAccessesWithTheStepBefore) {
  EXPECT_THAT(counts_of({event(0, "store release", "x"), event(0, "load acquire", "y"),
                         event(0, "read", "z"), event(0, "write", "z"), event(0, "fence seq_cst")}),
              ElementsAre(1, 3, 1));
}

TEST(TraceRows, SayOfASectionWhatItLeftWritten) {
  const auto rows =
      rows_of({.events = {event(0, "lock", "mutex 0"), event(0, "write", "x", "1"),
                          event(0, "read", "y", "5"), event(0, "write", "z", "2"),
                          event(0, "write", "x", "3"), event(0, "unlock", "mutex 0")}});
  EXPECT_EQ(rows.at(0).text, "push: x = 3; z = 2");
}

TEST(TraceRows, HaveTheMarksOfTheirEvents) {
  std::vector<TraceEvent> events = {event(0, "lock"), event(0, "read"), event(0, "unlock")};
  events[1].failed = true;
  const auto rows = rows_of({.events = events});
  EXPECT_TRUE(rows.at(0).failed);
  EXPECT_FALSE(rows.at(0).clashed);
}

// ---- as a picture ----

/// How often a text is in another one.
std::size_t count_in(std::string_view whole, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = whole.find(part); at != std::string_view::npos;
       at = whole.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

Trace a_clash() {
  Trace trace{{event(0, "lock", "mutex 0"), event(0, "unlock", "mutex 0"), event(1, "load acquire"),
               event(2, "store release", "x", std::string(kMarkup))}};
  trace.events[1].clashed = true;
  trace.events[3].failed = true;
  trace.thread_names = {"producer"};
  return trace;
}

TEST(TraceSvg, HasALaneForEachThreadABarForEachSectionAndADotForEachStep) {
  const std::string svg = to_svg({}, a_clash());
  EXPECT_EQ(count_in(svg, "<line class=\"lane\""), 3U);
  EXPECT_EQ(count_in(svg, "<rect class=\"section"), 1U);
  EXPECT_EQ(count_in(svg, "<circle class=\"step"), 2U);
  EXPECT_THAT(svg, HasSubstr(">T0 producer</text>"));
}

TEST(TraceSvg, ColoursTheViolatingPairAndJoinsIt) {
  const std::string svg = to_svg({}, a_clash());
  EXPECT_THAT(svg, HasSubstr("<rect class=\"section clashed\""));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"step failed\""));
  EXPECT_EQ(count_in(svg, "<line class=\"pair\""), 1U);
}

TEST(TraceSvg, HoldsNoTextOfTheTraceAsMarkup) {
  TraceHeading heading;
  heading.message = kMarkup;
  const std::string svg = to_svg(heading, a_clash());
  EXPECT_EQ(count_in(svg, "<b>"), 0U);
  EXPECT_EQ(count_in(svg, "&lt;/script>&lt;b>&amp;&quot;"), 2U);
}

TEST(TraceSvg, LeavesTheMiddleOfALongTraceOut) {
  const std::string svg =
      to_svg({}, Trace{std::vector<TraceEvent>(1000, event(0, "load acquire", "x"))});
  EXPECT_EQ(count_in(svg, "<circle class=\"step\""), 600U);
  EXPECT_THAT(svg, HasSubstr("... 400 rows are left out here ..."));
}

}  // namespace
}  // namespace slabproof::model
