"""The evidence report in a browser: wide, narrow and printed, with the network watched."""

import html
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from proofs.evidence import catalogue, example_run, html_report, report, tree, trust_base

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
    # The browser has errands of its own; nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
# The page in a frame of a given width, since a window has a least width. What a reader would notice is written into
# the title, from where --dump-dom shows it.
FRAME = """<!DOCTYPE html><title></title>
<iframe id="frame" style="width: {width}px; height: 900px; border: 0" srcdoc="{page}"></iframe>
<script>
window.addEventListener("load", () => {{
  const frame = document.getElementById("frame");
  const seen = frame.contentDocument;
  const sections = [...seen.querySelectorAll(".property")];
  document.title = JSON.stringify({{
    width: seen.documentElement.scrollWidth,
    shown: sections.filter(s => s.offsetHeight > 100).map(s => s.id),
    small: sections.filter(s => s.scrollWidth > s.clientWidth).map(s => s.id),
    fetched: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name),
  }});
}});
</script>"""


class BrowserTest(unittest.TestCase):
    """The report of this tree, with the results of a made-up run."""

    @classmethod
    def setUpClass(cls):
        at = tree.Tree(tree.workspace_root())
        cls.known = catalogue.load(at.root)
        run = example_run.make()
        run.scenarios = {name: example_run.record(name) for name in at.scenarios}
        content = report.make(example_run.FACTS, cls.known, at, run, trust_base.collect(at))
        cls.page = html_report.render(content)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def browse(self, page, *flags):
        """What Chromium prints for a page."""
        file = self.directory / "evidence.html"
        file.write_text(page)
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={self.directory}/profile", *flags]
        done = subprocess.run(
            [*command, file.as_uri()], capture_output=True, text=True, timeout=240, check=False,
            env={"HOME": str(self.directory), "PATH": "/usr/bin:/bin"},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def probe(self, width, page=None):
        framed = FRAME.format(width=width, page=html.escape(page or self.page))
        document = self.browse(framed, "--window-size=1600,1000", "--dump-dom")
        return json.loads(html.unescape(re.search(r"<title>(.*?)</title>", document).group(1)))

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
        self.browse(self.page, f"--print-to-pdf={file}")
        content = file.read_bytes()
        self.assertTrue(content.startswith(b"%PDF-"))
        self.assertGreater(content.count(b"/Type /Page\n") + content.count(b"/Type/Page\n"), 3)


if __name__ == "__main__":
    unittest.main()
