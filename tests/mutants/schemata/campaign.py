"""Tries each mutant until one engine kills it. What came of it goes to a file at once, so that a run can go on later."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import pathlib
import threading
import time

from tests.mutants.schemata import engines as engine_runs

_GENERATOR = ("mutant.py", "operators.py", "rewrite.py", "statements.py", "switch.h", "syntax.py")


@dataclasses.dataclass
class Trial:
    """What one engine did with one mutant."""

    mutant: str  # its name
    engine: str
    killed_as: str  # empty: it lived
    seconds: float


def required(mutant, engines):
    """The engines of which one must kill the mutant: only model checkers for one of a lock or of an order."""
    return [each for each in engines if each.is_checker or not mutant.needs_checker]


def put_aside(file):
    """Keeps what another run took long to find, beside the file."""
    if file.exists():
        file.replace(file.with_name(f"{file.name}.old"))


class Results:
    """The trials in a file, one JSON object a line. A line that was cut off is done again."""

    def __init__(self, file, fingerprint):
        self._file, self._lock = file, threading.Lock()
        self.trials = {}
        self._of_mutant = collections.defaultdict(list)
        head = json.dumps({"headers": fingerprint})
        lines = file.read_text().splitlines() if file.exists() else []
        if lines[:1] == [head]:
            for line in lines[1:]:
                try:
                    self._keep(Trial(**json.loads(line)))
                except (json.JSONDecodeError, TypeError):
                    continue
        else:
            put_aside(file)
            file.write_text(head + "\n")

    def _keep(self, trial):
        self.trials[trial.mutant, trial.engine] = trial
        self._of_mutant[trial.mutant].append(trial)

    def add(self, trial):
        with self._lock:
            self._keep(trial)
            with self._file.open("a") as file:
                file.write(json.dumps(dataclasses.asdict(trial)) + "\n")

    def forget_survivors_of(self, engines):
        """Engines that are built anew may kill what they did not."""
        names = {each.name for each in engines}
        gone = [key for key, trial in self.trials.items() if trial.engine in names and not trial.killed_as]
        if not gone:
            return
        kept = [trial for key, trial in self.trials.items() if key not in set(gone)]
        self.trials.clear()
        self._of_mutant.clear()
        head = self._file.read_text().partition("\n")[0]
        file = self._file.with_name(f"{self._file.name}.new")
        file.write_text("\n".join([head, *(json.dumps(dataclasses.asdict(each)) for each in kept)]) + "\n")
        file.replace(self._file)
        for trial in kept:
            self._keep(trial)

    def of(self, mutant):
        return self._of_mutant[mutant.name]

    def kill_of(self, mutant, engines):
        """The trial that counts as the mutant's kill, or None."""
        names = {engine.name for engine in required(mutant, engines)}
        return next((each for each in self.of(mutant) if each.killed_as and each.engine in names), None)


def fingerprint(headers):
    """Of what the results are of: the headers, and the generator that makes their mutants."""
    digest = hashlib.sha256()
    generator = [pathlib.Path(__file__).with_name(name) for name in _GENERATOR]
    for file in [*headers, *generator]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def spread(mutants):
    """In an order that takes one of each file in turn, and those of a file by their names, which are digests: wherever a run
    stops, what it tried is a sample of each file.
    """
    turns = collections.Counter()
    ordered = []
    for mutant in sorted(mutants, key=lambda each: each.name.rpartition(".")[2]):
        ordered.append((turns[mutant.file], mutant.file, mutant.number, mutant))
        turns[mutant.file] += 1
    return [each[-1] for each in sorted(ordered, key=lambda each: each[:3])]


def baselines(engines, binaries, count, say):
    """{engine's name: what it does without a mutant}, of those that hold without one."""
    found = {}
    for engine in engines:
        base = engine_runs.baseline(engine, binaries[engine.name], count)
        if base is None:
            say(f"mutants: {engine.name} fails without a mutant, and is left out")
        else:
            found[engine.name] = base
    return found


def order_of(mutant, engines, bases):
    """The engines that reach the mutant, the fastest first."""
    able = [each for each in required(mutant, engines) if each.name in bases and mutant.number in bases[each.name].reached]
    return sorted(able, key=lambda each: bases[each.name].seconds)


def try_one(mutant, engines, binaries, bases, results):
    """Runs engines until one kills the mutant."""
    for engine in order_of(mutant, engines, bases):
        if (mutant.name, engine.name) in results.trials:
            continue
        outcome = engine_runs.attempt(engine, binaries[engine.name], mutant.number, bases[engine.name])
        results.add(Trial(mutant.name, engine.name, outcome.killed_as, outcome.seconds))
        if outcome.killed_as:
            return


def run(mutants, engines, binaries, bases, results, jobs, progress):
    """Tries all that have not been killed yet; `progress` is told (done, all, seconds so far) after each."""
    todo = [each for each in mutants if results.kill_of(each, engines) is None]
    start, done = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(try_one, each, engines, binaries, bases, results) for each in todo]
        try:
            for future in concurrent.futures.as_completed(futures):
                future.result()
                done += 1
                progress(done, len(todo), time.monotonic() - start)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
