"""Mutants of which the compiler makes the same code as of the shipped headers: equivalent without an argument (Papadakis and
others, "Trivial compiler equivalence", ICSE 2015).

One source instantiates the library. It is compiled with the mutant alone and as shipped, and the object files are compared. A
third build, with a call in the place of the mutant, must differ: else the source has no code there, and nothing is proved.
"""

import concurrent.futures
import dataclasses
import json
import pathlib
import subprocess
import tempfile

from tests.mutants.schemata import build, rewrite

SOURCE = "tests/mutants/schemata/instantiated.cc"
_FLAGS = [*build.FLAGS, "-O1", "-g0"]
_CALL = "slabproof_mutation_call()"
_DECLARED = f'extern "C" void {_CALL} noexcept;\n'


def _marked(mutant):
    """The mutant's place with a call in it, or None where no call can stand."""
    if len(mutant.edits) != 1 or mutant.needs_checker:
        return None
    edit = mutant.edits[0]
    return lambda text: f"{_CALL}; {text}" if edit.form == "statement" else f"({_CALL}, {text})"


class _Compiler:
    """Compiles the source with one header that differs from the shipped ones."""

    def __init__(self, root, headers, source):
        self._root, self._headers, self._source = root, headers, source
        self._shipped = {}

    def shipped_code(self, text, mutant):
        """That of the mutant's header as it is."""
        if mutant.file not in self._shipped:
            self._shipped[mutant.file] = self.code(mutant.file, _with_call(rewrite.single(text, dataclasses.replace(mutant, edits=[]))))
        return self._shipped[mutant.file]

    def code(self, name, text):
        """The object file; None where it does not compile."""
        with tempfile.TemporaryDirectory() as scratch:
            tree = pathlib.Path(scratch) / "slabproof"
            tree.mkdir()
            for header in self._headers:
                if header.name != name:
                    (tree / header.name).symlink_to(header.absolute())
            (tree / name).write_bytes(text.encode("latin-1"))
            target = pathlib.Path(scratch) / "code.o"
            flags = ["-iquote", scratch, "-iquote", str(self._root), f"-ffile-prefix-map={scratch}=."]
            done = subprocess.run(["g++", *_FLAGS, *flags, "-c", str(self._source), "-o", str(target)], capture_output=True, check=False)
            return target.read_bytes() if done.returncode == 0 else None


def _alone(text, mutant, edit_text=None):
    edits = [dataclasses.replace(each, text=edit_text) for each in mutant.edits] if edit_text is not None else mutant.edits
    return _with_call(rewrite.single(text, dataclasses.replace(mutant, edits=edits)))


def _with_call(text):
    quiet, rest = text.split("\n", 1)
    return f"{quiet}\n{_DECLARED}{rest}"


def is_proved(compiler, text, mutant):
    """Whether the mutant alone gives the same code, where that says anything."""
    marked = _marked(mutant)
    if marked is None:
        return False
    shipped = compiler.shipped_code(text, mutant)
    if shipped is None or compiler.code(mutant.file, _alone(text, mutant)) != shipped:
        return False
    call = compiler.code(mutant.file, _alone(text, mutant, marked(text[mutant.edits[0].begin : mutant.edits[0].end])))
    return call not in (None, shipped)


def prove(root, headers, mutants, file, fingerprint, jobs, source=None):
    """Says in `file` of each mutant whether it is proved, where no earlier run has said so."""
    compiler = _Compiler(root, headers, source or root / SOURCE)
    texts = {each.name: each.read_bytes().decode("latin-1") for each in headers}
    known = load(file, fingerprint)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {each.name: pool.submit(is_proved, compiler, texts[each.file], each) for each in mutants if each.name not in known}
        for name, future in futures.items():
            known[name] = future.result()
            file.write_text(json.dumps({"headers": fingerprint, "proved": known}) + "\n")


def load(file, fingerprint):
    """{mutant's name: whether it is proved} of an earlier run on the same headers."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    return kept["proved"] if kept.get("headers") == fingerprint else {}
