// What a file with a trace holds.

#include "model/trace/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "model/trace/trace_dot.h"

namespace slabproof::model {
namespace {

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

}  // namespace
}  // namespace slabproof::model
