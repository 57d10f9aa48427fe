"""The evidence report in a browser: wide, narrow and printed, with the network watched."""

import pathlib
import tempfile
import unittest

from proofs.evidence.catalogue import properties, tree, trust_base
from proofs.evidence.report import content, pages
from proofs.evidence.run import example_run
from tools import browser

# What a reader would notice.
MEASURE = """
  const sections = [...seen.querySelectorAll(".property")];
  return {
    width: seen.documentElement.scrollWidth,
    shown: sections.filter(s => s.offsetHeight > 100).map(s => s.id),
    small: sections.filter(s => s.scrollWidth > s.clientWidth).map(s => s.id),
    fetched: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name),
  };
"""


class BrowserTest(unittest.TestCase):
    """The report of this tree, with the results of a made-up run."""

    @classmethod
    def setUpClass(cls):
        at = tree.Tree(tree.workspace_root())
        cls.known = properties.load(at.root)
        run = example_run.make()
        run.scenarios = {name: example_run.record(name) for name in at.scenarios}
        trust = trust_base.collect(at)
        cls.page = pages.html(content.make(example_run.FACTS, cls.known, at, run, trust))

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def probe(self, width, page=None):
        return browser.measure(page or self.page, width, MEASURE)

    def test_it_fits_a_wide_and_a_narrow_screen(self):
        for width in [1400, 400]:
            with self.subTest(width):
                seen = self.probe(width)
                self.assertLessEqual(seen["width"], width)
                self.assertEqual(seen["shown"], [entry.id for entry in self.known.properties])
                self.assertEqual(seen["small"], [])

    def test_what_does_not_fit_would_be_seen(self):
        wide = '<p style="width: 600px">wide</p><h2 id="matrix">'
        self.assertGreater(self.probe(400, self.page.replace('<h2 id="matrix">', wide))["width"], 400)

    def test_nothing_is_fetched(self):
        self.assertEqual(self.probe(1400)["fetched"], [])

    def test_a_fetch_would_be_seen(self):
        image = "http://127.0.0.1:9/x.png"
        page = self.page.replace("<main>", f'<main><img src="{image}" alt="">')
        self.assertEqual(self.probe(1400, page)["fetched"], [image])

    def test_it_prints(self):
        file = self.directory / "evidence.pdf"
        browser.browse(self.page, f"--print-to-pdf={file}")
        content = file.read_bytes()
        self.assertTrue(content.startswith(b"%PDF-"))
        self.assertGreater(content.count(b"/Type /Page\n") + content.count(b"/Type/Page\n"), 3)
