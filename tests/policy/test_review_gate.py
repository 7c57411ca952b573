"""Ways around the gate that are closed."""

import msgspec

from palabre.app import Parts
from palabre.policy.status import _mark
from palabre.storage.database import Transaction
from tests.api import Homeserver

from .made import edition, row, version
from .operator import Operator, decide
from .test_terms_pages import Person


async def test_giving_up_the_phone_number_opens_no_lock(client: Homeserver, operator: Operator, parts: Parts) -> None:
    ana = await client.register("ana")
    number = "+33639980001"

    async def attach(tx: Transaction) -> None:
        await parts.accounts.people.attach(tx, ana.user_id, number)

    await parts.database.write(attach)
    await operator.roll_out(version(1, edition("france", ["FR"], row("service")), edition("world", ["*"], row("all"))))
    await operator.clock(43)
    await ana.fail("GET", "/joined_rooms", status=403)
    before = await parts.accounts.people.get(ana.user_id)
    await ana.call("POST", "/account/3pid/delete", {"medium": "msisdn", "address": number})
    assert await parts.accounts.people.numbers_of(ana.user_id) == []
    after = await parts.accounts.people.get(ana.user_id)
    assert before is not None
    assert after is not None
    assert (after.region, after.region_since) == ("FR", before.region_since)
    await ana.fail("GET", "/joined_rooms", status=403)
    await parts.database.write(attach)
    await ana.fail("GET", "/joined_rooms", status=403)


async def test_the_pages_change_no_name_that_the_api_would_not(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-10)
    person = Person(client.http)
    await person.arrive()
    await operator.roll_out(version(1))
    await operator.clock(33)
    await person.open("/account/profile")
    page = await person.submit(name="Somebody else")
    assert page.status == 403
    assert "/account/terms" in page.links.values()
    assert "Somebody else" not in (await person.open("/account")).text
    await person.open("/account/terms")
    await person.answer("accept")
    await person.open("/account/profile")
    assert (await person.submit(name="Somebody else")).status == 200


async def test_an_operator_account_is_not_exempt(client: Homeserver, operator: Operator, parts: Parts) -> None:
    ana = await client.register("ana")
    await parts.accounts.people.set_operator(ana.user_id, True)
    await operator.roll_out(version(1))
    await operator.clock(43)
    for path in ("/_matrix/client/r0/joined_rooms", "/joined_rooms", "/joined_rooms/", "//joined_rooms"):
        for method in ("GET", "HEAD"):
            answer = await ana.request(method, path)
            assert answer.status_code in (403, 404), path
    answer = await client.request("GET", "/joined_rooms", params={"access_token": ana.token})
    assert answer.status_code == 403
    await decide(ana, "accept")
    assert (await ana.request("HEAD", "/_matrix/client/r0/joined_rooms")).status_code == 200


def test_the_mark_does_not_depend_on_how_the_status_was_put_together() -> None:
    """One process has a version as it was published, the others as it was read: their sync tokens are the same."""
    one = {"policies": [{"names": {"fr": "Conditions", "en": "Terms"}}]}
    other = {"policies": [{"names": {"en": "Terms", "fr": "Conditions"}}]}
    assert msgspec.json.encode(one) != msgspec.json.encode(other)
    assert _mark(one) == _mark(other) != 0
