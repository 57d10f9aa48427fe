"""The evidence report as one HTML file that fetches nothing, and as Markdown, from the data of content.py."""

import pathlib
import re

import jinja2
import markupsafe

_DIRECTORY = pathlib.Path(__file__).parent


def _prose(text):
    """Escaped for HTML, with `code` as in Markdown."""
    return markupsafe.Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(markupsafe.escape(text))))


def _markdown_cell(value):
    return str(value).replace("|", "\\|").replace("\n", " ")


def _render(template, content):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_DIRECTORY),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"prose": _prose, "cell": _markdown_cell}
    style = markupsafe.Markup((_DIRECTORY / "evidence.css").read_text())
    return environment.get_template(template).render(content, style=style)


def html(content):
    return _render("evidence.html.j2", content)


def markdown(content):
    return _render("evidence.md.j2", content)
