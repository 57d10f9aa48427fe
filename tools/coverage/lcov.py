"""The counters as an lcov tracefile, and the pages that genhtml makes of it."""

import subprocess

from tools.coverage.counters import FileCoverage


def records(test_name, path, part, whole):
    """What one engine (`part`) executed of what there is to execute in a header (`whole`).

    A count is 1 or 0, since the programs of an engine share functions and how often says nothing;
    the sum over the tests is the number of engines.
    """

    def mark(counter, key):
        return int(counter[key] > 0)

    lines = [f"TN:{test_name}", f"SF:{path}"]
    conditions = sorted({tuple(place) for *place, _ in whole.branches})
    for block, place in enumerate(conditions):
        for branch, outcome in enumerate((True, False)):
            taken = mark(part.branches, (*place, outcome))
            lines.append(f"BRDA:{place[0]},{block},{branch},{taken}")
    lines += [f"DA:{number},{mark(part.lines, number)}" for number in sorted(whole.lines)]
    return [*lines, "end_of_record"]


def render(engines, together, headers):
    """A tracefile with a test for each engine, about the lines and branches of `together`.

    `engines` maps a title to a dict of FileCoverage by header name, `headers` a name to its path.
    """
    lines = []
    for engine, files in engines.items():
        for name, whole in sorted(together.items()):
            part = files.get(name, FileCoverage())
            # genhtml takes letters, digits and underscores.
            lines += records(engine.replace(" ", "_"), headers[name], part, whole)
    return "\n".join(lines) + "\n"


def write_pages(tracefile, directory, prefix):
    """Writes index.html, and a page for each header with its source, into `directory`."""
    command = ["genhtml", "--quiet", "--branch-coverage", "--no-function-coverage"]
    command += ["--show-details", "--legend", "--title", "engines that executed each line", "--prefix", prefix]
    subprocess.run([*command, "--output-directory", directory, tracefile], check=True)
