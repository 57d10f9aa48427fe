"""Pages as a browser shows them, for the tests of generated pages."""

import html
import json
import pathlib
import re
import subprocess
import tempfile

_COMMAND = [
    "/usr/bin/chromium",
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
    # The browser has errands of its own; nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip
# The page in a frame of a given width, since a window has a least width. What is measured is written into the title,
# from where --dump-dom shows it.
_FRAME = """<!DOCTYPE html><title></title>
<iframe id="frame" style="width: {width}px; height: 900px; border: 0" srcdoc="{page}"></iframe>
<script>
window.addEventListener("load", () => {{
  const frame = document.getElementById("frame");
  const seen = frame.contentDocument;
  document.title = JSON.stringify((() => {{ {measure} }})());
}});
</script>"""
_TIME_LIMIT_SECONDS = 240


def browse(page, *flags):
    """What Chromium prints for the text of a page. Raises CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "page.html"
        file.write_text(page)
        return subprocess.run(
            [*_COMMAND, f"--user-data-dir={scratch}/profile", *flags, file.as_uri()],
            capture_output=True, text=True, timeout=_TIME_LIMIT_SECONDS, check=True,
            env={"HOME": scratch, "PATH": "/usr/bin:/bin"},
        ).stdout  # fmt: skip


def measure(page, width, script):
    """What a JavaScript function body returns for a page that is `width` pixels wide; it finds the page's document as
    `seen` and its frame as `frame`, and what it returns goes through JSON.
    """
    framed = _FRAME.format(width=width, page=html.escape(page), measure=script)
    document = browse(framed, "--window-size=1600,1000", "--dump-dom")
    return json.loads(html.unescape(re.search(r"<title>(.*?)</title>", document, re.S).group(1)))
