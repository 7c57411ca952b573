"""Markdown as HTML that is safe to put on a page: no raw HTML, no images, no scripts."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

_parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image"])


def to_html(markdown: str, top: int = 2) -> str:
    """`markdown` as HTML whose highest headings are `<h{top}>`, so that the page keeps the only `<h1>`.

    Addresses of links are `http`, `https`, `mailto` or on this server; what else is written as a link stays text.
    """
    tokens = _parser.parse(markdown)
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    shift = top - min(levels, default=top)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + shift)}"
        if token.children:
            _mark_links(token.children)
    html: str = _parser.renderer.render(tokens, _parser.options, {})
    return html


def _mark_links(tokens: list[Token]) -> None:
    """Pages elsewhere learn nothing of where the reader comes from."""
    for token in tokens:
        if token.type == "link_open" and "://" in str(token.attrGet("href") or ""):
            token.attrSet("rel", "noreferrer")
