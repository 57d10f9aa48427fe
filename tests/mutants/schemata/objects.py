"""Sources that hold their mutants, compiled by themselves, and engines linked with them in the place of the shipped ones.

Their headers declare what they declared before, so everything else is linked as Bazel compiled it.
"""

import concurrent.futures
import pathlib
import subprocess
import threading

from tests.mutants.schemata import build, compiled, generate

# As Bazel's, but for the level: with their switches, sources are slow to compile. A mutant that looks behind the end of a
# container must not live by what lies there.
_FLAGS = [*build.FLAGS, "-O1", "-D_GLIBCXX_ASSERTIONS", "-c"]
_MOST_ROUNDS = 40


class Tree:
    """The mutated files of a subject below `directory`, and their objects below `objects`."""

    def __init__(self, root, subject, mutants, directory, objects):
        self._root, self._mutants = root, mutants
        self._directory, self._objects = directory, objects
        self.files = subject.files(root)
        self._place = {file.name: subject.place(root, file) for file in self.files}
        self._lock, self._rounds = threading.Lock(), 0
        self._change = generate.in_namespace(subject.namespace)

    def write(self):
        generate.write_switch(self._directory / "slabproof")
        for file in self.files:
            self._write(file)

    def _write(self, file):
        generate.write_file(self._directory / self._place[file.name], file, self._mutants, self._change)

    def compile(self, jobs, say):
        """Takes the switch from each mutant that does not compile."""
        headers = self._headers()
        sources = [file for file in self.files if file.suffix == ".cc"]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for future in [pool.submit(self._compile, each, [each, *headers], say) for each in sources]:
                future.result()

    def _compile(self, source, changeable, say):
        place = self._place[source.name]
        self._compile_file(self._directory / place, self._object(source), changeable)
        say(f"mutants: compiled {place} with its mutants")

    def _compile_file(self, source, target, changeable):
        target.parent.mkdir(parents=True, exist_ok=True)
        include = build.include_flags(self._root, self._directory)
        command = ["g++", *_FLAGS, *include, "-fmax-errors=0", "-fno-diagnostics-show-caret", str(source), "-o", str(target)]
        for _ in range(_MOST_ROUNDS):
            before = self._rounds
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return
            with self._lock:
                # The errors may be of headers that another thread has changed by now.
                if before == self._rounds:
                    compiled.take_out_failing(self._mutants, changeable, done.stderr)
                    self._rounds += 1
                    for each in changeable:
                        self._write(each)
        raise compiled.CompileError(f"{source}: still does not compile after {_MOST_ROUNDS} rounds")

    def _headers(self):
        return [file for file in self.files if file.suffix == ".h"]

    def _object(self, source):
        return self._objects / self._place[source.name].with_suffix(".o")

    def link(self, engine, binary):
        """As Bazel linked it, with these objects in the place of its own. The source of an engine that names one, a test of
        mutated headers, is compiled with them, which can take the switch from some.
        """
        package, name = engine.label.removeprefix("//").split(":")
        lines = (self._root / "bazel-bin" / package / f"{name}-2.params").read_text().splitlines()
        ours = {f"{self._place[each.name].with_suffix('')}": self._object(each) for each in self.files if each.suffix == ".cc"}
        if engine.source:
            compiled_source = binary.with_suffix(".o")
            self._compile_file(self._root / engine.source, compiled_source, self._headers())
            ours[str(pathlib.Path(engine.source).with_suffix(""))] = compiled_source
        replaced = [str(ours.get(source_of(line), line)) for line in lines]
        if replaced == lines:
            raise build.BuildError(f"{engine.label} is linked with nothing that is mutated")
        replaced[replaced.index("-o") + 1] = str(binary)
        build.link_as_written(self._root, engine, replaced, binary)
        if engine.source:
            compiled_source.unlink()


def source_of(line):
    """The source, without suffix, of an object that Bazel made: model/search/_objs/search/explore.pic.o."""
    before, found, behind = line.partition("/_objs/")
    if not found:
        return None
    return f"{before.partition('/bin/')[2]}/{pathlib.PurePath(behind).name.split('.')[0]}"
