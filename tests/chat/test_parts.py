"""The parts of `palabre chat` that need no server."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nio
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from palabre.chat import drawing, files
from palabre.chat.drawing import Entry
from palabre.chat.lines import Chat
from palabre.chat.unsent import Message, Unsent
from palabre.chat.wording import Refusal, Wording
from palabre.core.text import Texts

ME, YOU = "@me:x", "@you:x"
TEXTS = Path(drawing.__file__).parent / "texts"


def event(event_id: str, body: str = "", sender: str = YOU, **content: Any) -> nio.Event:
    source = {
        "event_id": event_id,
        "sender": sender,
        "origin_server_ts": int(event_id[1:]),
        "type": "m.room.message",
        "content": {"msgtype": "m.text", "body": body, **content},
    }
    return nio.RoomMessage.parse_event(source)


def edit(event_id: str, target: str, body: str, sender: str = YOU) -> nio.Event:
    relation = {"rel_type": "m.replace", "event_id": target}
    new = {"msgtype": "m.text", "body": body}
    return event(event_id, f"* {body}", sender, **{"m.relates_to": relation, "m.new_content": new})


def deletion(event_id: str, target: str) -> nio.Event:
    source = {
        "event_id": event_id,
        "sender": YOU,
        "origin_server_ts": 9,
        "type": "m.room.redaction",
        "redacts": target,
        "content": {},
    }
    return nio.RedactionEvent.from_dict(source)


def texts(chat: Chat) -> list[str]:
    return [line.text if line.kind == "text" else f"<{line.kind}>" for line in chat.lines]


def test_both_languages_say_the_same_things() -> None:
    catalogues = Texts.load(TEXTS)
    assert catalogues.keys("en") == catalogues.keys("fr")


def test_what_comes_twice_stands_once_and_in_order() -> None:
    chat = Chat("!r")
    chat.begin("older")
    chat.append([event("$3", "c"), event("$4", "d")])
    chat.prepend([event("$3", "c"), event("$2", "b"), event("$1", "a")], None)
    chat.append([event("$4", "d"), event("$5", "e")])
    assert texts(chat) == ["a", "b", "c", "d", "e"]
    assert chat.older is None


def test_edits_and_deletions_whichever_comes_first() -> None:
    chat = Chat("!r")
    chat.append([event("$1", "helo"), event("$2", "oops"), edit("$3", "$1", "hello"), deletion("$4", "$2")])
    assert texts(chat) == ["hello", "<deleted>"]
    other = Chat("!r")
    other.append([edit("$6", "$5", "newest"), edit("$7", "$1", "mine now", sender=ME)])
    other.prepend([event("$5", "first"), edit("$3", "$1", "hello"), event("$1", "helo")], None)
    assert texts(other)[1] == "newest"
    assert "mine now" not in texts(other), "only the writer edits"


def test_what_others_have_seen() -> None:
    chat = Chat("!r")
    chat.append([event(f"${n}", sender=ME) for n in range(1, 5)])
    assert chat.seen(ME) == 0
    chat.read_by(YOU, "$2")
    assert chat.seen(ME) == 2
    chat.append([event("$5", "an answer"), event("$6", sender=ME)])
    assert chat.seen(ME) == 5


def test_text_cannot_steer_the_terminal() -> None:
    chat = Chat("!r")
    chat.append([event("$1", "a\x1b[2Jb\x07c\u202ed\ud800\r\ne\n")])
    assert texts(chat) == ["a[2Jbcd\ne"]


def test_unsent_messages_are_still_there_after_a_crash(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path, ME)
    first, second = Message("!r", "one", 1), Message("!r", "two", 2)
    unsent.add(first)
    unsent.add(second)
    unsent.refused[second.txn_id] = Refusal("M_TOO_LARGE", "")
    assert unsent.waiting == [first]
    again = Unsent(tmp_path, ME)
    assert again.messages == [first, second]
    assert again.waiting == [first, second], "what was refused is tried once more"
    assert Unsent(tmp_path, YOU).messages == [], "nobody sends what somebody else has written"
    assert (tmp_path / files.UNSENT).stat().st_mode & 0o077 == 0


words = st.text(st.sampled_from("ab é漢👋\n "), max_size=80)


@given(words, st.integers(2, 40), st.integers(0, 50))
def test_lines_fit_and_lose_nothing(text: str, width: int, indent: int) -> None:
    lines = drawing.wrap(text, width, indent)
    assert all(get_cwidth(line) <= width for line in lines[1:])
    assert get_cwidth(lines[0]) <= max(2, width - indent)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@given(words, words.map(lambda text: text.replace("\n", "")), st.integers(20, 60))
def test_rows_of_a_conversation_fit(text: str, name: str, width: int) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    entries = [Entry(0, name, text, mine=False), Entry(0, name, text, mine=True, mark="✓✓", trouble=text)]
    for row in drawing.conversation(entries, width, Wording("en"), now):
        assert sum(get_cwidth(fragment[1]) for fragment in row) <= width


def test_days_have_names() -> None:
    today = date(2026, 3, 1)
    assert Wording("en").day(today, today) == "Today"
    assert Wording("fr").day(date(2026, 2, 28), today) == "Hier"
    assert Wording("fr").day(date(2025, 8, 4), today) == "lundi 4 août 2025"


def test_without_a_server_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "palabre", "chat", "--server", "http://127.0.0.1:1", "--language", "fr"]
    environment = {"XDG_DATA_HOME": str(tmp_path), "PATH": "", "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "Aucun serveur ne répond à http://127.0.0.1:1." in ended.stderr
    assert not re.search("Traceback|Error", ended.stdout + ended.stderr)
