"""The pages as `./verify docs` builds them: without a warning, each link resolves, and they fit wide and narrow screens.

    docs_test.py CHECK
"""

import html.parser
import pathlib
import re
import sys
import tempfile
import unittest
import urllib.parse

from docs import build
from tools import browser

MEASURE = """
  const page = seen.documentElement;
  return {
    width: page.scrollWidth,
    text: page.innerText.length,
    scripts: !page.classList.contains("no-js"),
  };
"""
# As a reader meets them: the first page, a table, code, names, long lines.
LOOKED_AT = ["docs/index.html", "README.html", "docs/tutorial.html", "docs/reference/slabs.html", "docs/reference/check.html"]


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links = []
        self.anchors = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


def broken_links(root):
    """"PAGE: LINK" for each link to what is not there."""
    pages = {path: Page(path.read_text()) for path in sorted(root.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            anchor = urllib.parse.unquote(url.fragment)
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].anchors):
                yield f"{path.relative_to(root)}: {link}"


class DocsTest(unittest.TestCase):
    check = ""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.out = pathlib.Path(scratch.name).resolve() / "docs"
        cls.code = build.main(["--check", cls.check, "--out", str(cls.out)])

    def test_they_build_without_a_warning(self):
        self.assertEqual(self.code, 0)

    def test_every_link_resolves(self):
        self.assertEqual(list(broken_links(self.out)), [])

    def test_a_broken_link_would_be_found(self):
        page = self.out / "broken.html"
        self.addCleanup(page.unlink)
        page.write_text('<a href="nowhere.html">x</a><a href="#none">y</a><a href="README.html">z</a>')
        self.assertEqual(list(broken_links(self.out)), ["broken.html: nowhere.html", "broken.html: #none"])

    def test_they_fit_a_wide_and_a_narrow_screen(self):
        for name in LOOKED_AT:
            page = self.out / name
            text = page.read_text().replace("<head>", f'<head><base href="{page.as_uri()}">', 1)
            for width in (1280, 400):
                with self.subTest(name, width=width):
                    seen = browser.measure(text, width, MEASURE)
                    self.assertLessEqual(seen["width"], width)
                    self.assertGreater(seen["text"], 500)
                    self.assertTrue(seen["scripts"], "the script of the theme did not run")

    def test_names_stand_on_the_page_of_their_header(self):
        for page, names in {
            "model": ["model::check", "model::expect", "model::Run::spawned", "model::checked::atomic", "model::checked::lock_guard"],
            "policies": ["StdSync::Mutex", "StdBlockingSync::ConditionVariable", "AwaitingSyncPolicy", "UnlockedSync", "SipHashMac"],
            "slabs": ["GeometricClasses", "to_string"],
        }.items():
            text = (self.out / f"docs/reference/{page}.html").read_text()
            for name in names:
                parts = "".join(f"{len(part)}{part}" for part in ("slabproof", *name.split("::")))
                with self.subTest(name):
                    self.assertRegex(text, rf'id="_CPPv4[^"]*{parts}')

    def test_names_can_be_searched_for(self):
        index = (self.out / "searchindex.js").read_text()
        for name in ("extendableslab", "limit_segments", "linearizable"):
            self.assertRegex(index.lower(), rf"\b{re.escape(name)}\b")


def main():
    DocsTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
