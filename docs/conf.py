"""Pages of this tree for readers: Sphinx, with the Markdown of the tree in place and the names that Doxygen found.

`./verify docs` runs it, by docs/build.py. The source directory is the root of the tree.
"""

import os
import pathlib
import re
import sys

from docutils import nodes
from docutils.parsers.rst import Directive

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.public_names import PublicNames  # noqa: E402  (the path comes first)

_VERSION = (ROOT / "impl/slabproof/version.h").read_text()

project = "slabproof"
author = "The slabproof authors"
project_copyright = "The slabproof authors"
version = release = ".".join(re.findall(r"define SLABPROOF_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", _VERSION))

extensions = ["myst_parser", "breathe"]
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/**", "proofs/*.md", "**/README.md", "tests/**.md", "fuzz/FIGURES.md"]
exclude_patterns = ["out", "bazel-*", "coverage", "build", ".git", "fuzz/targets/corpus/*_fuzzer"]
needs_sphinx = "5.1"

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
myst_url_schemes = ["http", "https", "mailto"]

breathe_projects = {"slabproof": os.environ["SLABPROOF_DOXYGEN_XML"]}
breathe_default_project = "slabproof"
breathe_default_members = ("members",)
breathe_show_include = False
primary_domain = "cpp"
highlight_language = "text"

html_theme = "furo"
pygments_style = "tango"
pygments_dark_style = "native"
html_title = f"slabproof {version}"
html_copy_source = False
html_static_path = ["pages.css"]
html_css_files = ["pages.css"]

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def link_rooms(folder, text):
    """A link to a folder, which a forge shows with its README, becomes one to that README, or goes where it has none."""

    def link(match):
        target = folder / match[2]
        if not target.is_dir():
            return match[0]
        if not (target / "README.md").exists():
            return match[1]
        return f"[{match[1]}]({match[2].rstrip('/')}/README.md{match[3] or ''})"

    return _LINK.sub(link, text)


class CheckHelp(Directive):
    """What `check --help` prints."""

    def run(self):
        text = pathlib.Path(os.environ["SLABPROOF_CHECK_HELP"]).read_text()
        return [nodes.literal_block(text, text, language="text")]


def setup(app):
    names = PublicNames(os.environ["SLABPROOF_DOXYGEN_XML"])

    def read(_, name, source):
        source[0] = link_rooms((ROOT / name).parent, source[0])
        if name.startswith("docs/reference/"):
            source[0] = names.expand(source[0])

    app.connect("source-read", read)
    app.add_directive("check-help", CheckHelp)
