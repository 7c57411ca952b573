"""Two people with two clients that nobody here wrote sign up, talk encrypted, and miss nothing."""

from pathlib import Path

import pytest

from ..services import Palabre
from .conftest import CodeFor
from .js_person import js_person
from .nio_person import nio_person

ANNA = "+33612345601"
BRUNO = "+33612345602"

pytestmark = pytest.mark.timeout(180)


async def test_nio_and_js_sdk(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with nio_person(palabre.url, tmp_path / "anna") as anna, js_person(tmp_path / "bruno.log") as bruno:
        await anna.sign_up(ANNA, "FR", code_for)
        await bruno("signUp", homeserver=palabre.url, country="FR", phone="06 12 34 56 02", deviceName="js")
        await bruno.enter_code(await code_for(BRUNO))
        for number, user_id in ((ANNA, anna.user_id), (BRUNO, bruno.user_id)):
            assert number[4:] not in user_id, "a phone number shows in a user id"
        await anna.start()

        # A direct chat: nobody has to accept anything, and it is encrypted without having been asked to be.
        room_id = await anna.create_direct(bruno.user_id)
        opened = await bruno("waitForRoom", userId=anna.user_id)
        assert opened == {"roomId": room_id, "isEncrypted": True}
        assert anna.client.rooms[room_id].encrypted

        said: list[str] = []

        async def anna_says(text: str) -> str:
            said.append(text)
            return await anna.send(room_id, text)

        async def bruno_says(text: str) -> str:
            said.append(text)
            sent: str = (await bruno("send", roomId=room_id, text=text))["eventId"]
            return sent

        async def bruno_reads(text: str, event_id: str) -> None:
            read = await bruno("waitForMessage", roomId=room_id, text=text)
            assert read == {"eventId": event_id, "sender": anna.user_id, "isEncrypted": True}

        async def anna_reads(text: str, event_id: str) -> None:
            assert await anna.wait_for_text(room_id, text) == event_id

        # Both ways, with receipts.
        first = await anna_says("Salut Bruno 👋")
        await bruno_reads("Salut Bruno 👋", first)
        await bruno("sendReceipt", roomId=room_id, eventId=first)
        await anna.wait_for_receipt(bruno.user_id, first)

        answer = await bruno_says("Salut Anna, ça va ?")
        await anna_reads("Salut Anna, ça va ?", answer)
        await anna.send_receipt(room_id, answer)
        await bruno("waitForReceipt", roomId=room_id, eventId=answer, userId=anna.user_id)

        # An orderly restart, with a message that Anna has not seen yet.
        await anna.pause()
        unseen = await bruno_says("tu es là ?")
        palabre.stop()
        palabre.start()
        await bruno("waitForSync")
        await anna.start()
        await anna_reads("tu es là ?", unseen)
        await bruno_reads("je suis là", await anna_says("je suis là"))

        # The power goes as soon as a message has been acknowledged, each way; both clients only notice a pause.
        unseen = await bruno_says("et maintenant ?")
        palabre.kill()
        palabre.start()
        await bruno("waitForSync")
        await anna_reads("et maintenant ?", unseen)
        unseen = await anna_says("toujours là")
        palabre.kill()
        palabre.start()
        await bruno("waitForSync")
        await bruno_reads("toujours là", unseen)
        last = await bruno_says("à demain")
        await anna_reads("à demain", last)
        await anna.send_receipt(room_id, last)
        await bruno("waitForReceipt", roomId=room_id, eventId=last, userId=anna.user_id)

        # Nothing is missing, doubled, out of order or unreadable.
        assert [text for _, text in anna.texts[room_id]] == said
        assert anna.unreadable == []
        assert await bruno("messages", roomId=room_id) == said


async def test_js_sdk_opens_the_chat(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with nio_person(palabre.url, tmp_path / "anna") as anna, js_person(tmp_path / "bruno.log") as bruno:
        await anna.sign_up(ANNA, "FR", code_for)
        await bruno("signUp", homeserver=palabre.url, country="FR", phone=BRUNO, deviceName="js")
        await bruno.enter_code(await code_for(BRUNO))
        await anna.start()

        room_id = (await bruno("createDirect", userId=anna.user_id))["roomId"]
        await anna.wait_for_room(room_id, bruno.user_id)
        await bruno("waitForRoom", userId=anna.user_id)
        sent = await bruno("send", roomId=room_id, text="bonjour")
        assert await anna.wait_for_text(room_id, "bonjour") == sent["eventId"]
        back = await anna.send(room_id, "bonjour toi")
        assert (await bruno("waitForMessage", roomId=room_id, text="bonjour toi"))["eventId"] == back
        assert anna.unreadable == []


async def test_nio_with_two_devices_each(palabre: Palabre, code_for: CodeFor, tmp_path: Path) -> None:
    async with (
        nio_person(palabre.url, tmp_path / "anna1") as anna,
        nio_person(palabre.url, tmp_path / "anna2") as annas_other,
        nio_person(palabre.url, tmp_path / "bruno1") as bruno,
        nio_person(palabre.url, tmp_path / "bruno2") as brunos_other,
    ):
        everybody = [anna, annas_other, bruno, brunos_other]
        await anna.sign_up(ANNA, "FR", code_for)
        await annas_other.log_in("06 12 34 56 01", "FR")
        await bruno.sign_up(BRUNO, "FR", code_for)
        await brunos_other.log_in(BRUNO, "FR")
        assert anna.user_id == annas_other.user_id
        assert len({person.client.device_id for person in everybody}) == 4
        for person in everybody:
            await person.start()
        room_id = await anna.create_direct(bruno.user_id)
        for person, other in ((annas_other, bruno), (bruno, anna), (brunos_other, anna)):
            await person.wait_for_room(room_id, other.user_id)

        said = []
        for speaker in everybody:
            text = f"de {speaker.client.device_id}"
            said.append(text)
            event_id = await speaker.send(room_id, text)
            for listener in everybody:
                if listener is not speaker:
                    assert await listener.wait_for_text(room_id, text) == event_id
        for person in everybody:
            await person.wait_for_text(room_id, said[-1])
            assert [text for _, text in person.texts[room_id]] == said
            assert person.unreadable == []
