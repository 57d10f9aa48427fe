"""Each page for readers stands once in docs/index.md, and is there. Sphinx says so too, in a minute and by `./verify docs` only."""

import collections
import re
import unittest

from tests.source_rules import source_tree


def entries(text):
    """The pages that the tables of contents of an index name, as it names them."""
    for table in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in table.splitlines():
            if line and not line.startswith(":"):
                titled = re.search(r"<(.+)>$", line)
                yield titled[1] if titled else line


def problems(root, text):
    pages = [(root / entry[1:] if entry.startswith("/") else root / "docs" / entry).resolve() for entry in entries(text)]
    for page, count in collections.Counter(pages).items():
        if count > 1:
            yield f"{page.relative_to(root)} stands there {count} times"
        if not page.with_name(page.name + ".md").is_file():
            yield f"{page.relative_to(root)} is not there"
    for file in (*(root / "docs").rglob("*.md"), *(root / "proofs").glob("*.md")):
        if file.name != "README.md" and file != root / "docs/index.md" and file.with_suffix("") not in pages:
            yield f"{file.relative_to(root)} is not in it"


class PagesTest(unittest.TestCase):
    def setUp(self):
        self.root = source_tree.workspace_root().resolve()
        self.text = (self.root / "docs/index.md").read_text()

    def test_each_page_stands_there_once(self):
        self.assertGreater(len(list(entries(self.text))), 10)
        self.assertEqual(list(problems(self.root, self.text)), [])

    def test_problems_are_found(self):
        twice = self.text.replace("../proofs/graph\n", "../proofs/graph\n../proofs/graph\nnowhere\n")
        self.assertEqual(list(problems(self.root, twice)), ["proofs/graph stands there 2 times", "docs/nowhere is not there"])
        left_out = self.text.replace("../proofs/graph\n", "")
        self.assertEqual(list(problems(self.root, left_out)), ["proofs/graph.md is not in it"])


if __name__ == "__main__":
    unittest.main()
