"""The results as a table in Markdown, as a page with the source lines, and as JSON."""

import collections
import dataclasses
import html

from tests.mutants.schemata import campaign, record, subjects

_STYLE = "body{font:14px sans-serif;margin:2em}td,th{padding:.2em .6em;text-align:left;vertical-align:top}code{white-space:pre-wrap}.lived{background:#fdd}"


class Found:
    """What became of the mutants that were tried."""

    def __init__(self, mutants, tried, engines, bases, results, arguments, subject=subjects.IMPL):
        self._mutants, self._tried, self._engines = mutants, tried, engines
        self._bases, self._results, self._arguments = bases, results, arguments
        self._subject = subject
        self.proved = frozenset()  # names of those whose code is the same

    def verdict(self, mutant):
        """"killed", "equivalent" by an argument, "same code", "not reached", "lived", or "not tried" where the run stopped early."""
        if self._results.kill_of(mutant, self._engines) is not None:
            return "killed"
        if mutant.key in self._arguments:
            return "equivalent"
        if mutant.name in self.proved:
            return "same code"
        able = {engine.name for engine in campaign.order_of(mutant, self._engines, self._bases)}
        if not able:
            return "not reached"
        return "lived" if able <= {trial.engine for trial in self._results.of(mutant)} else "not tried"

    def survivors(self):
        return [each for each in self._tried if self.verdict(each) in ("lived", "not reached")]

    def summary(self):
        counts = collections.Counter(self.verdict(each) for each in self._tried)
        parts = [f"{count:,} {verdict}" for verdict, count in sorted(counts.items())]
        return f"mutants: of {len(self._tried):,} tried: {', '.join(parts)}"

    def to_json(self):
        return [each.to_json() | {"verdict": self.verdict(each),
                                  "trials": [vars(trial) for trial in self._results.of(each)]} for each in self._tried]  # fmt: skip

    def record(self, digest, date, kept=None):
        """All mutants with a switch; what this run did not try is as `kept`, a record of the same headers, has it."""
        ran = {*self._bases, *(engine for _, engine in self._results.trials), *(kept.engines if kept else ())}
        ran &= {each.name for each in self._subject.engines}
        tried = {each.name for each in self._tried} if ran <= set(self._bases) else set()
        # A kill by an engine that there is no more shows nothing.
        earlier = {each.name: each for each in kept.entries.values() if not each.engine or each.engine in ran} if kept else {}
        made = [self._entry(each) for each in self._mutants if each.has_switch]
        entries = {each.name: record.later(each, earlier.get(each.name), each.name in tried) for each in made}
        return record.Record(digest, date, tuple(sorted(ran)), entries)

    def _entry(self, mutant):
        entry = record.Entry(mutant.name, mutant.file, mutant.function, mutant.operator, "killed")
        # An earlier run on the same results may have had other engines.
        kill = self._results.kill_of(mutant, self._subject.engines)
        if kill is not None:
            return dataclasses.replace(entry, engine=kill.engine, killed_as=kill.killed_as, seconds=round(kill.seconds, 2))
        verdict = self.verdict(mutant)
        return dataclasses.replace(entry, verdict="argued" if verdict == "equivalent" else verdict)

    def write(self, out, files):
        (out / "MUTATION.md").write_text(self.markdown())
        (out / "mutation.html").write_text(self.page({each.name: each.read_text().splitlines() for each in files}))

    def markdown(self):
        lines = [f"# {self._subject.title} and what killed them", "", self.summary().removeprefix("mutants: ") + ".", ""]
        if self._subject.parts:
            lines += self._by("what it does", self._subject.part_of_mutant) + [""]
        lines += self._by("operator", lambda mutant: mutant.operator) + [""] + self._by_engine() + ["", "## Not killed", ""]
        lines += ["| mutant | where | operator | text | instead | |", "|---|---|---|---|---|---|"]
        for each in self._tried:
            verdict = self.verdict(each)
            if verdict not in ("killed", "not tried"):
                why = self._arguments[each.key].why if verdict == "equivalent" else verdict if verdict == "same code" else f"**{verdict}**"
                texts = " | ".join(f"`{text.replace('|', chr(92) + '|')[:90]}`" for text in (each.original, each.replacement or " "))
                lines.append(f"| {each.name} | {each.function}, {each.file} | {each.operator} | {texts} | {why} |")
        return "\n".join(lines) + "\n"

    def _by(self, name, group_of):
        """The verdicts of each group."""
        rows = [f"| {name} | mutants | tried | killed | equivalent | same code | lived | not reached | not tried |", "|---|---|---|---|---|---|---|---|---|"]
        made = collections.Counter(map(group_of, self._mutants))
        verdicts = collections.defaultdict(collections.Counter)
        for each in self._tried:
            verdicts[group_of(each)][self.verdict(each)] += 1
        for group in sorted(made):
            counts = verdicts[group]
            numbers = [made[group], counts.total(), *(counts[name] for name in ("killed", "equivalent", "same code", "lived", "not reached", "not tried"))]
            rows.append(f"| {group} | " + " | ".join(f"{each:,}" for each in numbers) + " |")
        return rows

    def _by_engine(self):
        rows = ["| engine | s without a mutant | reaches | tried | kills | s for a kill |", "|---|---|---|---|---|---|"]
        trials = collections.defaultdict(list)
        for mutant in self._tried:
            for trial in self._results.of(mutant):
                trials[trial.engine].append(trial)
        for engine in self._engines:
            base, of_engine = self._bases.get(engine.name), trials[engine.name]
            if base is None:
                continue
            kills = [each for each in of_engine if each.killed_as]
            mean = f"{sum(each.seconds for each in kills) / len(kills):.2f}" if kills else ""
            rows.append(f"| {engine.name} | {base.seconds:.2f} | {len(base.reached):,} | {len(of_engine):,} | {len(kills):,} | {mean} |")
        return rows

    def page(self, sources):
        rows = []
        for each in self._tried:
            verdict, kill = self.verdict(each), self._results.kill_of(each, self._engines)
            end = f"{kill.engine}: {kill.killed_as}, {kill.seconds:.2f} s" if kill else verdict
            if verdict == "equivalent":
                end += ": " + self._arguments[each.key].why
            line = sources[each.file][each.line - 1].strip()
            cells = [each.place, f"<code>{html.escape(line)}</code>", each.operator,
                     f"<code>{html.escape(each.replacement or '(dropped)')}</code>", html.escape(end)]  # fmt: skip
            row = "".join(f"<td>{cell}</td>" for cell in cells)
            rows.append(f'<tr class="{"lived" if verdict in ("lived", "not reached") else ""}">{row}</tr>')
        head = "".join(f"<th>{name}</th>" for name in ("where", "source", "operator", "instead", "what came of it"))
        return (f'<!doctype html><meta charset="utf-8"><title>Mutants</title><style>{_STYLE}</style>'
                f"<h1>{self._subject.title}</h1><p>{self.summary()}</p><table><tr>{head}</tr>{''.join(rows)}</table>\n")  # fmt: skip
