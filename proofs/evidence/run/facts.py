"""The identity of a run: version, commit, tools."""

import dataclasses
import datetime
import re
import subprocess

import yaml

_TOOLS = [
    ("g++", ["g++", "--version"]),
    ("clang", ["clang-19", "--version"]),
    ("Coq", ["coqc", "--version"]),
    ("Python", ["/usr/bin/python3", "--version"]),
    ("Linux", ["uname", "-r"]),
]
# Debian's Bazel does not print its own version.
_PACKAGES = [
    ("Bazel", "bazel-bootstrap"),
    ("Relacy", "relacy-dev"),
    ("stdpp", "libcoq-stdpp"),
    ("Iris", "libcoq-iris"),
    ("GoogleTest", "libgtest-dev"),
    ("rapidcheck", "librapidcheck-dev"),
    ("HighwayHash", "libhighwayhash-dev"),
    ("OCaml", "ocaml-nox"),
]
_VERSION = re.compile(r"\d+(?:\.\d+)+\S*")


@dataclasses.dataclass(frozen=True)
class Facts:
    """The identity of a run."""

    title: str
    version: str
    authors: str
    commit: str  # empty outside a repository
    dirty: bool
    date: datetime.datetime
    tools: tuple  # (name, version)

    @property
    def source(self):
        """Version and commit in words."""
        if not self.commit:
            return f"version {self.version}, no commit known"
        return f"version {self.version}, commit {self.commit[:12]}" + (
            ", with uncommitted changes" if self.dirty else ""
        )


def _output(command, cwd=None):
    """What a command prints, or None where there is none or it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _tool_versions():
    versions = []
    for name, command in _TOOLS:
        match = _VERSION.search(_output(command) or "")
        versions.append((name, match.group().rstrip(",") if match else "not installed"))
    for name, package in _PACKAGES:
        version = _output(["dpkg-query", "--show", "--showformat=${Version}", package])
        versions.append((name, version or "not installed"))
    return tuple(versions)


def gather(root):
    """The Facts of the tree at `root`, now."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    commit = _output(["git", "rev-parse", "HEAD"], cwd=root) or ""
    return Facts(
        title=citation["title"],
        version=str(citation.get("version", "unreleased")),
        authors=" and ".join(
            author.get("name") or f"{author['family-names']}, {author['given-names']}"
            for author in citation["authors"]
        ),
        commit=commit,
        dirty=bool(_output(["git", "status", "--porcelain"], cwd=root)),
        date=datetime.datetime.now(datetime.timezone.utc),
        tools=_tool_versions(),
    )


def last_change(root, file):
    """When a file was changed last, as "2026-05-04, commit 0123456789ab"."""
    commit = _output(["git", "log", "-1", "--format=%cs, commit %h", "--abbrev=12", "--", file], cwd=root)
    if not commit:
        return "unknown date"
    changed = _output(["git", "status", "--porcelain", "--", file], cwd=root)
    return f"{commit}, changed since" if changed else commit
