#!/usr/bin/env python3
"""A page that shows two runs side by side, and where they part.

    python3 -m model.trace.compare_traces LEFT.json RIGHT.json > runs.html

LEFT and RIGHT are traces as `check --trace FILE.json` writes them, best of the same program: the interleaving that
breaks a property beside one that does not. The page needs no network, no other file and no script; each row is a critical
section, or a step outside of any, and unfolds to its events. Exit code: 0, or 2 for a file that is not such a trace.
"""

import argparse
import html
import itertools
import json
import pathlib
import sys

_PAGE = pathlib.Path(__file__).with_name("compare_page.html")
_WHAT_AN_EVENT_IS = ("thread", "file", "line", "operation", "object", "value")


_LEGEND = """<p class="legend">Time runs down, a lane for each thread. Bars are critical sections, dots are steps outside of
any; each opens to its events. The frame is around what holds the first event at which the runs differ; what broke a
property is red, and what it clashed with is amber.</p>"""


class TraceError(Exception):
    """A file that is not a trace as JSON."""


def read_trace(name):
    try:
        trace = json.loads(pathlib.Path(name).read_text())
        for member in ("events", "rows", "program", "property", "message"):
            trace[member]  # noqa: B018
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TraceError(f'"{name}" is not a trace as JSON') from problem
    return trace


def first_difference(left, right):
    """The index of the first event at which two lists of them differ, or None where they are equal."""
    for index, pair in enumerate(itertools.zip_longest(left, right)):
        if None in pair or any(pair[0][part] != pair[1][part] for part in _WHAT_AN_EVENT_IS):
            return index
    return None


def what_of(event):
    return " ".join(filter(None, (event["operation"], event["object"]))) + (
        f" = {event['value']}" if event["value"] else ""
    )


def lane_names(traces):
    """The threads of all traces, "main" first."""
    names = {event["thread"] for trace in traces for event in trace["events"]}
    return sorted(names, key=lambda name: -1 if name == "main" else int(name[1:].split()[0]))


def _element(tag, class_name, content, style=""):
    style = f' style="{style}"' if style else ""
    return f'<{tag} class="{class_name}"{style}>{content}</{tag}>'


class _Run:
    def __init__(self, trace, lanes, parted):
        self.trace = trace
        self.lanes = lanes
        self.parted = parted
        self.columns = f"grid-template-columns: repeat({len(lanes)}, var(--lane)) minmax(0, 1fr)"

    def heading(self):
        trace = self.trace
        title = f"Violation of {trace['property']}" if trace["property"] else "An execution that holds"
        lines = [trace["message"], f"program {trace['program']}", trace.get("slab", "")]
        text = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
        return _element("div", "heading", f"<h2>{html.escape(title)}</h2>{text}{self._parting()}")

    def _parting(self):
        events = self.trace["events"]
        if self.parted is None:
            return ""
        if self.parted >= len(events):
            return _element("p", "differs", "It ends where the other one goes on.")
        event = events[self.parted]
        text = html.escape(f"Event {self.parted + 1}: {event['thread']} {what_of(event)}")
        return _element("p", "differs", f'They part here: <a href="#parted">{text}</a>')

    def lane_heading(self):
        names = "".join(f'<span title="{html.escape(lane)}">{html.escape(lane.split()[0])}</span>' for lane in self.lanes)
        return _element("div", "lanes", names, self.columns)

    def row(self, row):
        """A row of the fold, or an empty one where this run has ended."""
        if row is None:
            return "<div></div>"
        first, end = row["first"], row["first"] + row["count"]
        events = self.trace["events"][first:end]
        marks = [mark for mark in ("failed", "clashed") if any(event[mark] for event in events)]
        if self.parted is not None and first <= self.parted < end:
            marks.append("differs")
        elif self.parted is None or end <= self.parted:
            marks.append("same")
        shape = _element("span", "bar" if row["is_section"] else "dot", "")
        thread = events[0]["thread"]
        lanes = "".join(_element("div", "lane", shape if lane == thread else "") for lane in self.lanes)
        number = f"{first + 1}-{end}" if len(events) > 1 else str(end)
        text = f'<span class="number">{number} {html.escape(thread)}</span> {html.escape(row["text"])}'
        return _element("div", " ".join(["row", *marks]), lanes + self._events(text, first, events), self.columns)

    def _events(self, text, first, events):
        if len(events) == 1:
            return _element("div", "step", text)
        items = []
        for index, event in enumerate(events, first):
            is_parting = ' class="differs"' if index == self.parted else ""
            items.append(f'<li value="{index + 1}"{is_parting}>{html.escape(what_of(event))}</li>')
        return f"<details><summary>{text}</summary><ol>{''.join(items)}</ol></details>"


def page_of(left, right):
    """The text of the page that shows two traces."""
    parted = first_difference(left["events"], right["events"])
    lanes = lane_names([left, right])
    runs = [_Run(trace, lanes, parted) for trace in (left, right)]
    cells = [run.heading() for run in runs] + [run.lane_heading() for run in runs]
    has_parted = False
    for pair in itertools.zip_longest(left["rows"], right["rows"]):
        if not has_parted and parted is not None and any(row and row["first"] + row["count"] > parted for row in pair):
            has_parted = True
            cells.append('<div class="both" id="parted">the same up to here</div>')
        cells += [run.row(row) for run, row in zip(runs, pair, strict=True)]
    equal = "" if parted is not None else "<p>They do not differ.</p>"
    body = f"<h1>Two runs</h1>{equal}{_LEGEND}<div class=\"runs\">{''.join(cells)}</div>"
    return _PAGE.read_text().replace("@BODY@", body)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("left", metavar="LEFT.json")
    parser.add_argument("right", metavar="RIGHT.json")
    options = parser.parse_args(arguments)
    try:
        print(page_of(read_trace(options.left), read_trace(options.right)), end="")
    except TraceError as problem:
        print(f"compare_traces: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
