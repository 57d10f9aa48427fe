"""What BUILD files declare, found by running them.

Starlark is close enough to Python that a BUILD file runs as Python, with the project's own macros,
and with every native rule replaced by one that writes down how it was called.
"""

import builtins
import dataclasses
import pathlib
import types


@dataclasses.dataclass
class Target:
    """A rule as its macro called it at last."""

    label: str
    rule: str
    package: str
    attributes: dict

    def files(self, attribute):
        """The paths, from the root of the tree, of the source files that an attribute lists."""
        values = self.attributes.get(attribute) or []
        return [path for path in (_source_path(value, self.package) for value in values) if path]

    @property
    def tags(self):
        return tuple(self.attributes.get("tags") or ())


def _source_path(label, package):
    if not isinstance(label, str):
        return None
    if label.startswith("//"):
        directory, _, name = label[2:].partition(":")
    else:
        directory, name = package, label.removeprefix(":")
    return str(pathlib.PurePosixPath(directory) / name)


class _Anything:
    """Stands for what only matters to a real build: attributes, providers, rule definitions."""

    def __getattr__(self, _):
        return self

    def __call__(self, *_, **__):
        return self


class _Environment(dict):
    """The globals of one file: an unknown name is a native rule, or nothing of interest."""

    def __init__(self, reader, package):
        super().__init__(
            load=lambda label, *names, **renamed: reader.load(self, label, names, renamed),
            native=reader.native(package),
            struct=types.SimpleNamespace,
            select=lambda choices: choices.get("//conditions:default", []),
            glob=lambda patterns, **_: reader.glob(package, patterns),
            rule=lambda **_: reader.recorder(package, "rule"),
        )
        self._reader = reader
        self._package = package

    def __missing__(self, name):
        if name.endswith(("_test", "_library", "_binary")) or name in ("genrule", "filegroup"):
            return self._reader.recorder(self._package, name)
        if hasattr(builtins, name):
            raise KeyError(name)
        return _Anything()


class BuildFiles:
    """The BUILD files of the tree at `root`."""

    def __init__(self, root):
        self._root = root
        self._packages = set()
        self._targets = {}
        self._macro_calls = []
        self._current = ""

    def target(self, label):
        """The Target of a full label such as //tests:slab_test, or None."""
        package, _, name = label.removeprefix("//").partition(":")
        self._read(package)
        return self._targets.get(f"//{package}:{name}")

    def targets(self, package):
        self._read(package)
        return [target for target in self._targets.values() if target.package == package]

    def macro_names(self, package, macro):
        """The names of what `macro` was called for in a package."""
        self._read(package)
        return [
            name for where, called, name in self._macro_calls if (where, called) == (package, macro)
        ]

    def constants(self, file):
        """The globals of a .bzl file."""
        return self._run(file, "")

    def _read(self, package):
        file = pathlib.PurePosixPath(package) / "BUILD"
        if package in self._packages or not (self._root / file).is_file():
            return
        self._packages.add(package)
        self._current = package
        self._run(str(file), package)

    def _run(self, file, package):
        environment = _Environment(self, package)
        code = compile((self._root / file).read_text(), file, "exec")
        exec(code, environment)  # pylint: disable=exec-used
        return environment

    def load(self, environment, label, names, renamed):
        if not label.startswith(("//", ":")):
            environment.update({name: _Anything() for name in names})
            return
        package = environment._package if label.startswith(":") else self._current
        loaded = self._run(_source_path(label, package), self._current)
        for name in (*names, *renamed):
            value = loaded[renamed.get(name, name)]
            environment[name] = self._noting(name, value) if callable(value) else value

    def _noting(self, macro, function):
        def call(*arguments, **attributes):
            name = attributes.get("name", arguments[0] if arguments else None)
            self._macro_calls.append((self._current, macro, name))
            return function(*arguments, **attributes)

        return call

    def native(self, package):
        reader = self

        class Native:
            def __getattr__(self, rule):
                if rule == "glob":
                    return lambda patterns, **_: reader.glob(package, patterns)
                return reader.recorder(package, rule)

        return Native()

    def recorder(self, package, rule):
        def record(name=None, **attributes):
            if name is not None:
                label = f"//{package}:{name}"
                self._targets[label] = Target(label, rule, package, attributes)

        return record

    def glob(self, package, patterns):
        directory = self._root / package
        found = (path for pattern in patterns for path in directory.glob(pattern))
        return sorted(str(path.relative_to(directory)) for path in found)
