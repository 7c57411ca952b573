"""Two people with `palabre chat` and nothing else: they sign up with a number and a code, and talk encrypted."""

import sqlite3
from pathlib import Path

import httpx
import msgspec
import pytest

from palabre.chat import files
from palabre.chat.account import Credentials
from palabre.chat.wording import Refusal

from ..clients.conftest import CodeFor
from ..services import Palabre
from .terminal import ENTER, NEW_LINE, PAGE_DOWN, PAGE_UP, TAB, Terminal, terminal

ANNA, BRUNO, CARLA = "+33639980001", "+33639980002", "+33639980003"


async def sign_up(person: Terminal, number: str, name: str, code_for: CodeFor) -> None:
    """In English: the questions, in order."""
    await person.hears("Your phone number")
    person.type(number, ENTER)
    await person.hears("The 6-digit code")
    person.type(await code_for(number), ENTER)
    await person.hears("Your name")
    person.type(name, ENTER)
    await person.hears("Do you accept?")
    person.type("yes", ENTER)
    await person.sees("Nobody here yet")


def stored(palabre: Palabre) -> str:
    """Everything the server has kept of the rooms."""
    with sqlite3.connect(palabre.data / "palabre.db") as database:
        return str(database.execute("SELECT * FROM events").fetchall())


async def test_the_first_five_minutes(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with (
        terminal(tmp_path / "anna", palabre.url) as anna,
        terminal(tmp_path / "bruno", palabre.url, language="fr", rows=15, columns=60) as bruno,
    ):
        # Anna mistypes everything once.
        await anna.hears("Your phone number")
        anna.type("abc", ENTER)
        await anna.hears("This is not a phone number")
        await anna.hears("Your phone number")
        anna.type("+33 6 39 98 00 01", ENTER)
        await anna.hears("The 6-digit code")
        right = await code_for(ANNA)
        anna.type("000000" if right != "000000" else "111111", ENTER)
        await anna.hears("The code is wrong. Attempts left: 4.")
        await anna.hears("The 6-digit code")
        anna.type(right, ENTER)
        await anna.hears("Your name")
        anna.type(ENTER)
        await anna.hears("Your name")
        anna.type("Anna", ENTER)
        await anna.hears("The whole text: http")
        await anna.hears("Do you accept?")
        anna.type("perhaps", ENTER)
        await anna.hears("Do you accept?")
        anna.type("yes", ENTER)
        await anna.sees("Nobody here yet")

        # Bruno does it in French, on a small terminal.
        await bruno.hears("Votre numéro de téléphone")
        bruno.type("06 39 98 00 02", ENTER)
        await bruno.hears("Le code à 6 chiffres")
        bruno.type(await code_for(BRUNO), ENTER)
        await bruno.hears("Votre nom")
        bruno.type("Bruno", ENTER)
        await bruno.hears("Acceptez-vous")
        bruno.type("oui", ENTER)
        await bruno.sees("Personne ici pour l’instant")

        anna.type("/new +33 6 39 98 00 99", ENTER)
        await anna.sees("Nobody here has the number +33 6 39 98 00 99.")
        anna.type("/new 06 39 98 00 02", ENTER)
        await anna.sees("Bruno · end-to-end encrypted")
        anna.type("Salut Bruno, ça va ?", ENTER)
        await bruno.sees("Anna · chiffré de bout en bout", "Anna: Salut Bruno, ça va ?", "Aujourd’hui")
        await anna.sees("You: Salut Bruno, ça va ? ✓✓")
        bruno.type("Très bien,")
        await anna.sees("Bruno is typing…")
        bruno.type(" et toi", ENTER)
        await anna.sees("Bruno: Très bien, et toi")
        await anna.sees_no("typing")
        anna.paste("un\ndeux\ntrois")
        anna.type(NEW_LINE, "quatre", ENTER)
        await bruno.sees("Anna: un", "      deux", "      trois", "      quatre")
        assert "Salut" not in stored(palabre)
        assert "m.room.encrypted" in stored(palabre)

        # The same chat, not another one.
        bruno.type("/new 06 39 98 00 01", ENTER)
        await bruno.sees_no("Recherche…")
        assert sum(row.startswith("Anna ") for row in bruno.rows) == 1


async def test_nothing_is_lost_when_the_server_dies(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with terminal(tmp_path / "bruno", palabre.url) as bruno:
        async with terminal(tmp_path / "anna", palabre.url) as anna:
            await sign_up(bruno, BRUNO, "Bruno", code_for)
            await sign_up(anna, ANNA, "Anna", code_for)
            anna.type("/new ", BRUNO, ENTER)
            await anna.sees("Bruno · end-to-end")
            anna.type("before", ENTER)
            await bruno.sees("Anna: before")

            palabre.kill()
            anna.type("while it is away", ENTER)
            bruno.type("is anybody there", ENTER)
            await anna.sees("You: while it is away …", "No connection, trying again… 1 message waits and is kept.")
            anna.type("never mind")
            await anna.leave()
            assert "1 message is not sent yet. It is kept, and goes out when you come back." in anna.printed

        async with terminal(tmp_path / "anna") as anna:
            await anna.sees("No connection")
            palabre.start()
            await anna.sees("You: before ✓✓", "You: while it is away ✓✓", "Bruno: is anybody there", "> never mind")
            await bruno.sees("Anna: while it is away", "You: is anybody there ✓✓")
            assert sum("while it is away" in row for row in bruno.rows) == 1
            palabre.stop()
            palabre.start()
            bruno.type("still here", ENTER)
            await anna.sees("Bruno: still here")


async def test_two_devices_and_three_people(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with (
        terminal(tmp_path / "anna", palabre.url) as anna,
        terminal(tmp_path / "bruno", palabre.url) as bruno,
        terminal(tmp_path / "carla", palabre.url) as carla,
    ):
        for person, number, name in ((anna, ANNA, "Anna"), (bruno, BRUNO, "Bruno"), (carla, CARLA, "Carla")):
            await sign_up(person, number, name, code_for)
        anna.type("/new ", BRUNO, ENTER)
        await anna.sees("Bruno · end-to-end")
        for line in range(80):
            anna.type(f"line {line:02}", ENTER)
        await bruno.sees("line 79", seconds=60)

        # Somebody else writes: it counts, and does not take the person away from what they are typing.
        anna.type("for Bruno")
        carla.type("/new ", ANNA, ENTER)
        await carla.sees("Anna · end-to-end")
        carla.type("one", ENTER, "two", ENTER)
        await anna.sees("Carla               2")
        anna.type(TAB)
        await anna.sees("Carla: two")
        assert not anna.says("for Bruno")
        await carla.sees("You: two ✓✓")
        anna.type(TAB)
        await anna.sees("> for Bruno")

        # Further back, and to the end again.
        assert not bruno.says("line 05")
        for _ in range(8):
            bruno.type(PAGE_UP)
            await bruno.sees("Further back")
        await bruno.sees("This is the beginning of the chat.", "line 00")
        bruno.type(PAGE_DOWN * 10)
        await bruno.sees("line 79")

        # A second device reads what is sent from now on, and says so of the rest.
        async with terminal(tmp_path / "anna2", palabre.url) as second:
            await second.hears("Your phone number")
            second.type(ANNA, ENTER)
            await second.hears("The 6-digit code")
            second.type(await code_for(ANNA), ENTER)
            await second.sees("Carla · end-to-end", "2 messages from before this device cannot be read here.")
            carla.type("to both", ENTER)
            await second.sees("Carla: to both")
            second.type("from the second", ENTER)
            await carla.sees("Anna: from the second")
            anna.type(TAB)
            await anna.sees("Carla: to both", "You: from the second ✓✓")

            second.type("/out", ENTER)
            await second.sees("Type /out again")
            second.type("/out", ENTER)
            await second.ended()
            assert [path.name for path in (tmp_path / "anna2").iterdir()] == ["lock"]


async def test_what_the_server_refuses_stays(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with terminal(tmp_path / "anna", palabre.url) as anna, terminal(tmp_path / "bruno", palabre.url) as bruno:
        await sign_up(anna, ANNA, "Anna", code_for)
        await sign_up(bruno, BRUNO, "Bruno", code_for)
        anna.type("/new ", ANNA, ENTER)
        await anna.sees("This is your own number.")
        anna.type("/new", ENTER)
        await anna.sees("Type a number after it", "> /new")
        anna.type(" ", BRUNO, ENTER)
        await anna.sees("Bruno · end-to-end")
        anna.paste("x" * 52_000)
        anna.type(ENTER)
        await anna.sees("✗", "Not sent: It is too long.")
        anna.type("/drop", ENTER)
        await anna.sees_no("Not sent")
        anna.type("shorter", ENTER)
        await bruno.sees("Anna: shorter")

        # Signed out from elsewhere: said, and the way in is open again.
        credentials = msgspec.json.decode((tmp_path / "anna" / files.ACCOUNT).read_bytes(), type=Credentials)
        headers = {"Authorization": f"Bearer {credentials.access_token}"}
        async with httpx.AsyncClient(base_url=palabre.url, headers=headers, trust_env=False) as http:
            (await http.post("/_matrix/client/v3/logout", json={})).raise_for_status()
        await anna.hears("The server does not know this device any more. Sign in again.")
        await anna.hears("Your phone number")


async def test_one_terminal_for_each_folder(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with terminal(tmp_path, palabre.url) as anna:
        await sign_up(anna, ANNA, "Anna", code_for)
        async with terminal(tmp_path) as again:
            with pytest.raises(files.InUseError):
                await again.ended()
        await anna.leave()
        async with terminal(tmp_path, "http://127.0.0.1:1") as elsewhere:
            with pytest.raises(Refusal) as caught:
                await elsewhere.ended()
            assert caught.value.values == {"server": palabre.url}
