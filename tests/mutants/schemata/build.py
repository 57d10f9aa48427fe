"""Engines linked with headers that hold all mutants.

Bazel builds the checkers with the shipped headers. Here the one source of each that uses the library's templates is compiled
anew with the mutants, and linked with all else as Bazel linked it. A test of impl/ has no more than its source and what
surrounds it.
"""

import concurrent.futures
import pathlib
import subprocess

FLAGS = ["-std=c++23", "-fPIC", "-fno-sized-deallocation", "-U_FORTIFY_SOURCE", "-fno-lifetime-dse", "-w"]
# The checker is slow without -O1, and for the tests it would take longer to compile than it saves; the other one is that
# of model/command/checker.bzl. What the standard library says of its own misuse shows mutants that do the same by luck.
_CHECKER_FLAGS = ["-O1", "-ftrivial-auto-var-init=zero"]
_TEST_FLAGS = ["-O0", "-D_GLIBCXX_ASSERTIONS"]
# clang++ refuses it, and removes no such store at -O0.
_OF_GCC_ALONE = "-fno-lifetime-dse"
_LIBRARIES = ["-lgtest", "-lgtest_main", "-lhighwayhash", "-lpthread"]
_SURROUNDINGS = "tests/support/environment.cc"


class BuildError(Exception):
    """An engine does not build."""


class CompileError(BuildError):
    """Its source does not compile."""


def include_flags(root, headers_root):
    """The mutants are before the shipped headers."""
    return ["-iquote", str(headers_root), "-iquote", str(root), "-iquote", str(root / "impl")]


def shipped(root, bazel, engines):
    """Builds all engines as they are shipped."""
    labels = sorted({engine.label for engine in engines if engine.is_checker})
    if not labels:
        return
    command = [bazel, "build", "--noshow_progress", "--ui_event_filters=-info", "--show_result=0", *labels]
    done = subprocess.run(command, cwd=root, check=False)
    if done.returncode != 0:
        raise BuildError("the engines do not build with the shipped headers")


def _compiler(engine):
    """The compiler of an engine with the flags that it shares with all others."""
    is_gcc = engine.compiler[0] == "g++"
    return [*engine.compiler, *(flag for flag in FLAGS if is_gcc or flag != _OF_GCC_ALONE)]


def compile_source(root, source, headers_root, target, flags, compiler=("g++", *FLAGS)):
    command = [*compiler, *flags, *include_flags(root, headers_root), "-c", str(root / source), "-o", str(target)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(f"{source}:\n{done.stderr[:3000]}")


def link(root, engine, compiled, surroundings, binary):
    if engine.is_checker:
        _link_as_bazel(root, engine, compiled, binary)
        return
    _run_linker([*_compiler(engine), str(compiled), str(surroundings), "-o", str(binary), *_LIBRARIES], root, engine)


def _link_as_bazel(root, engine, compiled, binary):
    """With another object in the place of the engine's own."""
    package, name = engine.label.removeprefix("//").split(":")
    lines = (root / "bazel-bin" / package / f"{name}-2.params").read_text().splitlines()
    own = pathlib.Path(engine.source).stem + ".pic.o"
    replaced = [str(compiled) if line.endswith("/" + own) else line for line in lines]
    if replaced == lines:
        raise BuildError(f"{engine.label} is not linked with {own}")
    replaced[replaced.index("-o") + 1] = str(binary)
    link_as_written(root, engine, replaced, binary)


def link_as_written(root, engine, lines, binary):
    """Links with the arguments in these lines, as Bazel does."""
    params = binary.with_suffix(".params")
    params.write_text("\n".join(lines) + "\n")
    # What the file names is below the root of Bazel's own tree.
    _run_linker(["g++", f"@{params}"], (root / "bazel-bin").resolve().parents[2], engine)
    params.unlink()


def _run_linker(command, directory, engine):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{engine.label}:\n{done.stderr[:3000]}")


def binary_of(out, engine):
    return out / "engines" / (pathlib.Path(engine.source).stem or engine.label.split(":")[1])


def clear_stale(root, engines, out):
    """Takes engines away that were built before what they are made of changed; returns those that are to be built."""
    surroundings = [root / _SURROUNDINGS, *(root / "tests/support").glob("*")]
    wanted = []
    for engine in engines:
        binary, product = binary_of(out, engine), root / "bazel-bin" / engine.label.removeprefix("//").replace(":", "/")
        made_of = [product] if engine.is_checker else [root / engine.source, *surroundings]
        newest = max((each.stat().st_mtime for each in made_of if each.exists()), default=0)
        if binary.exists() and binary.stat().st_mtime < newest:
            binary.unlink()
        if not binary.exists():
            wanted.append(engine)
    if wanted:
        (out / "engines/surroundings.o").unlink(missing_ok=True)
    return wanted


def linked(engines, tree, out, say=print):
    """Links what is missing with the objects of the tree."""
    (out / "engines").mkdir(parents=True, exist_ok=True)
    for engine in engines:
        binary = binary_of(out, engine)
        if not binary.exists():
            tree.link(engine, binary)
            say(f"mutants: linked {engine.label} with the mutants")


def with_mutants(root, engines, headers_root, out, jobs, repair, say=print):
    """Builds what is missing. `repair` takes the switches away that keep a source from compiling."""
    directory = out / "engines"
    directory.mkdir(parents=True, exist_ok=True)
    surroundings = directory / "surroundings.o"
    if not surroundings.exists():
        compile_source(root, _SURROUNDINGS, headers_root, surroundings, _TEST_FLAGS)
    missing = list({each.source: each for each in engines if not binary_of(out, each).exists()}.values())

    def make(engine):
        binary = binary_of(out, engine)
        compiled = binary.with_suffix(".o")
        flags = _CHECKER_FLAGS if engine.is_checker else ["-O2"] if engine.is_optimised else _TEST_FLAGS
        compile_source(root, engine.source, headers_root, compiled, flags, _compiler(engine))
        link(root, engine, compiled, surroundings, binary)
        compiled.unlink()
        say(f"mutants: built {engine.source} with the mutants")

    def make_all(wanted):
        """Those of which the source does not compile."""
        failed = []
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for engine, future in [(each, pool.submit(make, each)) for each in wanted]:
                try:
                    future.result()
                except CompileError:
                    failed.append(engine)
        return failed

    # The first one alone shows most of what does not compile.
    for wanted in (missing[:1], missing[1:]):
        while failed := make_all(wanted):
            repair(failed[0].source)
            make(failed[0])
            wanted = failed[1:]
