#!/usr/bin/env python3
"""Counts the tests of one or more Bazel invocations from their build event files.

    summarize_tests.py LABEL=EVENTS.json...

A test case is counted where the test wrote its result as XML (GoogleTest does), else the whole
test. Also counted as failed: a test or a library that does not build, a test that ends badly after
its cases passed, a test without a single case, a build without a single test, and an invocation
that ended badly for any other reason. The last line is `N passed, N failed`; the exit code is 1 if
anything failed.
"""

import dataclasses
import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree


@dataclasses.dataclass
class Summary:
    """What one invocation showed."""

    passed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)
    targets: int = 0

    @property
    def failed(self):
        return len(self.failures)


def read_events(text):
    """The events of a file that Bazel wrote, one JSON object a line; a cut last line is dropped."""
    events = []
    for line in text.splitlines():
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return events


def read_cases(xml_text):
    """((class, name), "passed", "failed" or "skipped") of each case in a test's XML; nothing if it is not XML."""
    try:
        root = xml.etree.ElementTree.fromstring(xml_text)
    except xml.etree.ElementTree.ParseError:
        return []
    cases = []
    for case in root.iter("testcase"):
        state = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            state = "failed"
        elif case.get("status") == "notrun" or case.get("result") in ("skipped", "suppressed"):
            state = "skipped"
        cases.append(((case.get("classname", ""), case.get("name", "")), state))
    return cases


def read_output(result, name):
    """The text of an output of a test, or None."""
    for output in result.get("testActionOutput", []):
        if output.get("name") == name:
            path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path))
            if path.exists():
                return path.read_text(errors="replace")
    return None


def last_attempts(events):
    """The final result of each (test, run, shard), by test."""
    results = {}
    for event in events:
        key = event.get("id", {}).get("testResult")
        if key is not None and "testResult" in event:
            shard = (key.get("run", 1), key.get("shard", 1))
            results.setdefault(key["label"], {})[shard] = event["testResult"]
    return results


def unbuilt_targets(events):
    """Labels of targets that were to be built and were not."""
    labels = set()
    for event in events:
        identity = event.get("id", {})
        key = identity.get("targetCompleted") or identity.get("unconfiguredLabel")
        if key is None:
            continue
        if "aborted" in event or not event.get("completed", {}).get("success", False):
            labels.add(key["label"])
    return labels


def exit_code(events):
    """Bazel's own exit code; None if it did not get that far."""
    for event in events:
        if "finished" in event:
            return event["finished"].get("exitCode", {}).get("code", 0)
    return None


def count_test(label, shards, summary):
    """Adds the shards of one test to the summary."""
    ran_a_case = False
    for result in shards.values():
        cases = read_cases(read_output(result, "test.xml") or "")
        states = [state for _, state in cases]
        summary.passed += states.count("passed")
        summary.skipped += states.count("skipped")
        failed = [".".join(filter(None, name)) for name, state in cases if state == "failed"]
        summary.failures += [f"{label}: {name}" for name in failed]
        status = result.get("status", "NO_STATUS")
        if status != "PASSED" and not failed:
            summary.failures.append(f"{label}: {status}")
            ran_a_case = True
        ran_a_case |= bool(cases)
    if not ran_a_case:
        summary.failures.append(f"{label}: ran no test case")


def summarize(events):
    """The Summary of one invocation."""
    summary = Summary()
    results = last_attempts(events)
    summary.targets = len(results)
    for label, shards in sorted(results.items()):
        count_test(label, shards, summary)
    for label in sorted(unbuilt_targets(events) - set(results)):
        summary.failures.append(f"{label}: did not build")
    if not results:
        summary.failures.append("no test ran")
    code = exit_code(events)
    if code != 0 and not summary.failures:
        summary.failures.append(f"bazel ended with exit code {code}")
    return summary


def main(arguments):
    if not arguments or not all("=" in argument for argument in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    passed = failed = 0
    for argument in arguments:
        label, path = argument.split("=", 1)
        file = pathlib.Path(path)
        summary = summarize(read_events(file.read_text() if file.exists() else ""))
        for failure in summary.failures:
            print(f"{label}: FAILED {failure}")
        print(
            f"{label}: {summary.passed} passed, {summary.failed} failed, "
            f"{summary.skipped} skipped, in {summary.targets} targets"
        )
        passed += summary.passed
        failed += summary.failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
