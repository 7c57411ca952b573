"""Text into rows of a terminal: wrapping by width, days, and what stands beside a message."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import UIContent, UIControl
from prompt_toolkit.utils import get_cwidth

from .wording import Wording, local

Row = StyleAndTextTuples
_TIME = "00:00 "


class Entry(msgspec.Struct):
    """One message as it is to be shown."""

    ts: int
    name: str
    text: str
    mine: bool
    faint: bool = False
    """It stands for something that is not text."""
    mark: str = ""
    """What became of it: one or two ticks, dots while it waits."""
    trouble: str = ""
    """Why it was not taken."""


class Rows(UIControl):
    """A part of the screen that is drawn row by row, for the size it has."""

    def __init__(self, draw: Callable[[int, int], list[Row]]) -> None:
        self._draw = draw

    def create_content(self, width: int, height: int) -> UIContent:
        rows = self._draw(width, height)[:height]
        return UIContent(get_line=lambda index: rows[index], line_count=len(rows), show_cursor=False)


def wrap(text: str, width: int, indent: int = 0) -> list[str]:
    """Lines of at most `width` cells, of which the first has `indent` cells less. Breaks at spaces where it can."""
    width = max(width, 2)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", min(indent, width - 2) if not lines else 0
        for word in _words(paragraph, width):
            cells = get_cwidth(word)
            if used and used + cells > width:
                lines.append(line)
                line, used = "", 0
                word = word.lstrip(" ")
                cells = get_cwidth(word)
            line, used = line + word, used + cells
        lines.append(line)
    return lines


def _words(paragraph: str, width: int) -> Iterator[str]:
    """Words with the spaces before them; what is wider than a line in pieces."""
    word, cells = "", 0
    for sign in paragraph:
        wide = get_cwidth(sign)
        if (sign == " " and word.strip(" ")) or cells + wide > width:
            yield word
            word, cells = "", 0
        word, cells = word + sign, cells + wide
    yield word


def cut(text: str, width: int) -> str:
    """At most `width` cells of `text`, with an ellipsis where something is missing."""
    if get_cwidth(text) <= width:
        return text
    kept = ""
    for sign in text:
        if get_cwidth(kept + sign) > width - 1:
            break
        kept += sign
    return kept + "…"


def conversation(entries: Iterable[Entry], width: int, say: Wording, now: datetime) -> list[Row]:
    """All rows of a conversation, oldest first, with a row for each new day."""
    rows: list[Row] = []
    day = None
    for entry in entries:
        then = local(entry.ts)
        if then.date() != day:
            day = then.date()
            rows.append([("class:faint", f"── {say.day(day, now.date())} ──"[:width])])
        rows += _message(entry, then, width)
    return rows


def _message(entry: Entry, then: datetime, width: int) -> list[Row]:
    name = cut(entry.name, max(8, width // 3)) + ": " if entry.name else ""
    space = ("", " " * len(_TIME))
    room = width - len(_TIME)
    style = "class:faint" if entry.faint else ""
    first, *others = wrap(entry.text, room, get_cwidth(name))
    rows: list[Row] = [
        [
            ("class:faint", then.strftime("%H:%M ")),
            ("class:mine" if entry.mine else "class:other", name),
            (style, first),
        ]
    ]
    rows += [[space, (style, line)] for line in others]
    used = get_cwidth(others[-1]) if others else get_cwidth(name + first)
    if entry.mark and used + 1 + get_cwidth(entry.mark) > room:
        rows.append([space])
    if entry.mark:
        rows[-1].append(("class:faint", f" {entry.mark}"))
    rows += [
        [("", " " * len(_TIME)), ("class:trouble", line)]
        for line in wrap(entry.trouble, width - len(_TIME))
        if entry.trouble
    ]
    return rows


def paragraphs(text: str, width: int, style: str = "") -> list[Row]:
    return [[(style, line)] for line in wrap(text, width)]
