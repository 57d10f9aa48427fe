"""Tries mutants of the library, or of what judges it, until an engine kills each, and says which live.

    ./verify mutants [--of model] [--sample N] [--file NAME]... [--engine NAME]... [--jobs N] [--resume] [--json FILE]
        [--record [FILE]] [--out DIR]

Exit code: 0 each mutant is killed or has an argument, 1 one lives without, 2 bad usage or no build, 3 stopped early.
"""

import argparse
import datetime
import json
import os
import pathlib
import signal
import sys
import time

from tests.mutants.schemata import build, campaign, compiled, equivalent, generate, objects, record, report, same_code, subjects
from tests.mutants.schemata.mutant import Mutant, numbered

_STOPPED, _USAGE, _SURVIVORS = 3, 2, 1
_IN_TREE = pathlib.Path()  # the subject's own record


def _parsed():
    parser = argparse.ArgumentParser(prog="verify mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(), help=argparse.SUPPRESS)
    parser.add_argument("--bazel", default="/usr/bin/bazel", help=argparse.SUPPRESS)
    parser.add_argument("--of", choices=subjects.SUBJECTS, default="impl", help="what is mutated: the library (impl), or its verifiers (model)")
    parser.add_argument("--sample", type=int, help="so many mutants, evenly spread, instead of all")
    parser.add_argument("--file", action="append", default=[], help="of this file only, such as slab.h (repeatable)")
    parser.add_argument("--engine", action="append", default=[], help="this engine only (repeatable); --list names them")
    parser.add_argument("--list", action="store_true", help="list the engines and exit")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time (one for each processor)")
    parser.add_argument("--resume", action="store_true", help="go on from the results in --out, or where there are none from the kills in the record; without, or where headers changed, results are kept as .old")
    parser.add_argument("--same-code", action="store_true", help="also compare the object code of each mutant that lives with that of the shipped headers: about 10 s each")
    parser.add_argument("--json", type=pathlib.Path, help="write the mutants and what became of them here")
    parser.add_argument("--record", type=pathlib.Path, nargs="?", const=_IN_TREE, metavar="FILE", help="write what became of each mutant here, by default to the record in the tree; what was not tried stays as it was")
    parser.add_argument("--out", type=pathlib.Path, help="directory of what is built and found (mutants, mutants_of_model)")
    return parser.parse_args()


def _usage(message):
    print(f"mutants: {message}", file=sys.stderr)
    sys.exit(_USAGE)


def _chosen_engines(subject, names):
    known = [each.name for each in subject.engines]
    for name in names:
        if name not in known:
            _usage(f"no engine named {name}; --list names them")
    return [each for each in subject.engines if not names or each.name in names]


class _Mutants:
    """All mutants, with headers that hold them in OUT/headers: those of the run before, where the headers are the same."""

    def __init__(self, root, out, headers):
        self._root, self._headers = root, headers
        self._directory, self._listed = out / "headers" / "slabproof", out / "mutants.json"
        self._mark = campaign.fingerprint(headers)
        kept = json.loads(self._listed.read_text()) if self._listed.exists() else {}
        if kept.get("mark") == self._mark:
            self.all = [Mutant.from_json(each) for each in kept["mutants"]]
        else:
            self.all = numbered(generate.mutants_of(headers))
            for stale in (out / "engines").glob("*"):
                stale.unlink()
        self._write()

    def _write(self):
        generate.write(self._directory, self._headers, self.all, generate.in_namespace(subjects.IMPL.namespace))
        fields = {"mark": self._mark, "mutants": [each.to_json() for each in self.all]}
        self._listed.write_text(json.dumps(fields) + "\n")

    def repair(self, source):
        """Takes the switch from each mutant that keeps an engine's source from compiling. None ever comes back: the engines
        that are built already stay as they are.
        """
        flags = [*build.FLAGS, *build.include_flags(self._root, self._directory.parent)]
        compiled.leave_out_what_fails(self.all, self._headers, [str(self._root / source)], flags, self._directory, self._write)


def _generated_with_objects(arguments, subject):
    """Mutants of a subject with objects of its own, which are compiled here, the tree that links an engine with them, and
    what keeps the mutants for the next run.
    """
    files = subject.files(arguments.root)
    listed = arguments.out / "mutants.json"
    mark = campaign.fingerprint(files)
    kept = json.loads(listed.read_text()) if listed.exists() else {}
    is_kept = kept.get("mark") == mark
    if is_kept:
        mutants = [Mutant.from_json(each) for each in kept["mutants"]]
    else:
        mutants = numbered(generate.mutants_of(files, arguments.root, arguments.jobs))
        for stale in (arguments.out / "engines").glob("*"):
            stale.unlink()
    tree = objects.Tree(arguments.root, subject, mutants, arguments.out / "files", arguments.out / "objects")
    if not is_kept:
        tree.write()
        tree.compile(arguments.jobs, _say)

    def keep():
        listed.write_text(json.dumps({"mark": mark, "mutants": [each.to_json() for each in mutants]}) + "\n")

    keep()
    return mutants, tree, keep


def _recorded(file, in_tree, mark):
    """What --record left for these headers: in the file that it names now, or else in the tree."""
    try:
        return record.load(file if file is not None and file.exists() else in_tree, mark)
    except record.RecordError as error:
        _usage(str(error))


class _Progress:
    """On a terminal one line that changes, elsewhere a line a minute."""

    def __init__(self):
        self._last = 0.0

    def __call__(self, done, count, seconds):
        is_terminal = sys.stderr.isatty()
        if done < count and seconds - self._last < (0.5 if is_terminal else 60):
            return
        self._last = seconds
        left = seconds / done * (count - done)
        text = f"mutants: {done:,} of {count:,} tried, about {left / 60:.0f} min left"
        print(f"\r{text}\033[K" if is_terminal else text, end="" if is_terminal and done < count else "\n",
              file=sys.stderr, flush=True)  # fmt: skip


def _say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    arguments = _parsed()
    subject = subjects.SUBJECTS[arguments.of]
    arguments.root = arguments.root.absolute()
    if arguments.list:
        print("\n".join(each.name for each in subject.engines))
        return 0
    if arguments.jobs < 1 or (arguments.sample is not None and arguments.sample < 1):
        _usage("--jobs and --sample take numbers from 1")
    if arguments.same_code and subject.has_own_objects:
        _usage("--same-code compares what headers of the library become, not for --of model")
    chosen = _chosen_engines(subject, arguments.engine)
    headers = subject.files(arguments.root)
    for name in arguments.file:
        if name not in [each.name for each in headers]:
            _usage(f"no file {name} is mutated")
    in_tree = arguments.root / subject.record
    if arguments.record == _IN_TREE:
        arguments.record = in_tree
    if arguments.record and not arguments.record.parent.is_dir():
        _usage(f"no directory {arguments.record.parent}")
    kept = _recorded(arguments.record, in_tree, campaign.fingerprint(headers))
    arguments.out = (arguments.out or pathlib.Path(subject.out)).absolute()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "results.jsonl"
    if not arguments.resume:
        campaign.put_aside(file)
    results = campaign.Results(file, campaign.fingerprint(headers))
    try:
        tree = None
        if subject.has_own_objects:
            mutants, tree, keep = _generated_with_objects(arguments, subject)
            build.shipped(arguments.root, arguments.bazel, chosen)
            results.forget_survivors_of(build.clear_stale(arguments.root, chosen, arguments.out))
            build.linked(chosen, tree, arguments.out, _say)
            keep()  # linking may have taken switches away
        else:
            held = _Mutants(arguments.root, arguments.out, headers)
            mutants = held.all
            build.shipped(arguments.root, arguments.bazel, chosen)
            results.forget_survivors_of(build.clear_stale(arguments.root, chosen, arguments.out))
            build.with_mutants(arguments.root, chosen, arguments.out / "headers", arguments.out, arguments.jobs, held.repair, _say)
        _say(f"mutants: {len(mutants):,} mutants, {sum(each.has_switch for each in mutants):,} with a switch")
    except (build.BuildError, compiled.CompileError) as error:
        _usage(str(error))
    tried = [each for each in mutants if each.has_switch and (not arguments.file or each.file in arguments.file)]
    if arguments.sample:
        tried = generate.sample(tried, arguments.sample)
    if subject.parts:
        tried = campaign.spread(tried)
    if arguments.resume and kept and not results.trials:
        _say(f"mutants: {record.take_over(kept, results):,} kills taken over from the record of {kept.date}")
    binaries = {each.name: build.binary_of(arguments.out, each) for each in chosen}
    bases = campaign.baselines(chosen, binaries, len(mutants), _say)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    is_stopped, start = False, time.monotonic()
    try:
        campaign.run(tried, chosen, binaries, bases, results, arguments.jobs, _Progress())
    except KeyboardInterrupt:
        is_stopped = True
    _say(f"mutants: {time.monotonic() - start:.0f} s")
    found = report.Found(mutants, tried, chosen, bases, results, equivalent.load(subject.arguments), subject)
    file, mark = arguments.out / "same_code.json", campaign.fingerprint(headers)
    if arguments.same_code and not is_stopped:
        same_code.prove(arguments.root, headers, found.survivors(), file, mark, arguments.jobs)
    found.proved = {name for name, is_same in same_code.load(file, mark).items() if is_same}
    found.write(arguments.out, headers)
    if arguments.json:
        arguments.json.write_text(json.dumps(found.to_json(), indent=1) + "\n")
    if arguments.record:
        arguments.record.write_text(record.text_of(found.record(mark, datetime.date.today().isoformat(), kept)))
    print(found.summary())
    return _STOPPED if is_stopped else _SURVIVORS if found.survivors() else 0


if __name__ == "__main__":
    sys.exit(main())
