"""Templates by telephone number: who gets one, who is rung instead, what it costs."""

import dataclasses
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import OutboundMessage, Template
from bot.channels.zalo.model import ChannelCharge
from bot.commands import check
from bot.commands.check import Verdict
from bot.errors import ChannelError
from bot.localities.profile import ChannelUse
from bot.notifications.model import Conversation, Outbound, OutboundStatus, Person
from bot.notifications.policy import NoticeEvent
from bot.petitions.model import CallBack, Petition
from bot.storage.vault import decrypt, encrypt
from tests.channels.official import OfficialAccount, at_zalo, with_settings
from tests.doubles.zalo import PHONE_TEMPLATE, TEMPLATE, ZaloServer
from tests.doubles.zalo_user import User
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
EXTENSION = {"reason": "chờ vật tư", "old_due": "01/02", "due": "15/02"}


@pytest.fixture
def zalo(clock: Clock) -> Iterator[ZaloServer]:
    with ZaloServer(now=clock) as server:
        for number in ("9001", "9101"):
            server.approve(number, code=30, reason=200, old_due=30, due=30)
        yield server


@pytest.fixture
def commune(
    built: Product, zalo: ZaloServer, clock: Clock, tmp_path: Path
) -> Iterator[OfficialAccount]:
    product = at_zalo(built, zalo, clock, tmp_path)
    product = with_settings(product, zalo_monthly_vnd=2_000)
    yield OfficialAccount(using(product), zalo)
    product.close()


def using(product: Product, **phone_templates: str) -> Product:
    """With templates by telephone number; ``extension`` unless others are named."""
    use = ChannelUse(
        templates={"extension": "9001"},
        phone_templates=phone_templates or {"extension": "9101"},
    )
    profile = product.profile.model_copy(update={"channels": {"zalo": use}})
    registry = dataclasses.replace(product.registry, profile=profile)
    return dataclasses.replace(product, profile=profile, registry=registry)


async def filed(
    commune: OfficialAccount, lan: User, contact: str = "Lan 0905123401"
) -> None:
    for text in (
        STORY,
        "làm tiếp",
        "tu suoi len toi nha ong bay, hu tu thang 10",
        "không có ảnh",
        contact,
        "gửi",
    ):
        lan.say(text)
        sent = await commune.reply(lan)
    assert "STH-25-0001-N" in sent.text
    lan._read = len(lan.received)


async def told(commune: OfficialAccount) -> None:
    commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
    await commune.settled()


def notes(commune: OfficialAccount) -> list[str]:
    """Why somebody is to be rung."""
    vault = commune.product.vault
    return [
        json.loads(decrypt(vault.unwrap(row.key), row.body, b"call"))["note"]
        for row in commune.rows(CallBack)
    ]


def charged(commune: OfficialAccount) -> list[tuple[str, int]]:
    return [(row.kind, row.vnd) for row in commune.rows(ChannelCharge)]


@pytest.mark.parametrize("code", [-249, -213, -217, -218, -227, -244])
async def test_where_the_chat_is_closed_for_good_the_number_is_written_to(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock, code: int
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        clock.advance(days=8)
        zalo.fail_with(TEMPLATE, code)
        await told(commune)
        sent = await lan.reply()
        await lan.hears_nothing()
    assert (sent.template, sent.data["reason"]) == ("9101", "chờ vật tư")
    (call,) = zalo.called(PHONE_TEMPLATE)
    assert call.params["phone"] == lan.phone == "84905123401"
    assert 0 < len(call.params["tracking_id"]) <= 48
    assert charged(commune) == [("phone_template", 300)]
    assert commune.rows(CallBack) == []


async def test_who_has_left_is_written_to_at_the_number(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        await told(commune)
        assert (await lan.reply()).template == "9101"
    assert zalo.called(TEMPLATE) == []
    assert commune.rows(CallBack) == []


async def test_while_the_chat_takes_its_template_the_number_is_left_alone(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        clock.advance(days=8)
        await told(commune)
        assert (await lan.reply()).template == "9001"
    assert zalo.called(PHONE_TEMPLATE) == []
    assert charged(commune) == [("template", 200)]


async def test_another_chat_of_the_same_person_comes_before_the_number(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        other = linked(commune, "terminal")
        clock.advance(days=8)
        zalo.fail_with(TEMPLATE, -213)
        commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
        await commune.until(lambda: commune.rows(Outbound)[-1].conversation_id == other)
        await lan.hears_nothing()
        with commune.product.database.writing() as session:
            session.get_one(Conversation, other).blocked_at = clock()
        clock.advance(minutes=1)
        commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
        assert (await lan.reply()).template == "9101"
    assert len(zalo.called(PHONE_TEMPLATE)) == 1


def linked(commune: OfficialAccount, channel: str) -> int:
    """A second chat of the only person, on a channel that nobody serves here."""
    account = commune.product.account(channel)
    vault = commune.product.vault
    with commune.product.database.writing() as session:
        person = Person(
            locality_id=account.locality_id, created_at=commune.product.clock()
        )
        session.add(person)
        session.flush()
        (first,) = session.exec(select(Conversation)).all()
        first.person_id = person.id
        key, wrapped = vault.new_key()
        second = Conversation(
            locality_id=account.locality_id,
            account_id=account.id or 0,
            channel=channel,
            peer_hash="second",
            peer=encrypt(key, b"second", b"peer"),
            key=wrapped,
            person_id=person.id,
            created_at=commune.product.clock(),
        )
        session.add(second)
        session.flush()
        return second.id or 0


async def _gone(commune: OfficialAccount, lan: User, contact: str) -> None:
    """A notice to somebody who has left."""
    async with commune.webhook():
        await filed(commune, lan, contact)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        await told(commune)
        await lan.hears_nothing()
    assert commune.server.called(PHONE_TEMPLATE) == []


@pytest.mark.parametrize("contact", ["không để số", "Lan 02553822123"])
async def test_who_left_no_number_that_can_have_zalo_is_rung(
    commune: OfficialAccount, zalo: ZaloServer, contact: str
) -> None:
    await _gone(commune, zalo.user(), contact)
    assert notes(commune) == ["blocked"]


async def test_it_is_off_unless_the_profile_has_numbers_for_it(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    product = commune.product
    use = {"zalo": ChannelUse(templates={"extension": "9001"})}
    profile = product.profile.model_copy(update={"channels": use})
    registry = dataclasses.replace(product.registry, profile=profile)
    product = dataclasses.replace(product, profile=profile, registry=registry)
    await _gone(OfficialAccount(product, zalo), zalo.user(), "Lan 0905123401")
    assert notes(commune) == ["blocked"]


async def test_a_notice_without_a_template_for_it_is_a_call(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    other = OfficialAccount(using(commune.product, reply="9102"), zalo)
    await _gone(other, zalo.user(), "Lan 0905123401")
    assert notes(commune) == ["blocked"]


async def test_who_stopped_notices_is_not_written_to_at_the_number(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        lan.say("dừng tin")
        await commune.reply(lan)
        clock.advance(days=8)
        zalo.fail_with(TEMPLATE, -249)
        await told(commune)
    assert zalo.called(PHONE_TEMPLATE) == []
    assert notes(commune) == ["window_closed"]


async def test_who_stops_notices_in_the_night_gets_none_in_the_morning(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        clock.advance(hours=(22 - clock().hour - 7) % 24)
        commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
        await lan.hears_nothing()
        with commune.product.database.writing() as session:
            session.exec(select(Conversation)).one().muted_at = clock()
        clock.advance(hours=12)
        await commune.settled()
        await lan.hears_nothing()
    assert zalo.called(PHONE_TEMPLATE) == []
    assert len(notes(commune)) == 1


async def test_a_matter_for_its_own_chat_alone_is_not_told_to_a_number(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        with commune.product.database.writing() as session:
            session.exec(select(Petition)).one().own_chat_only = True
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        await told(commune)
    assert zalo.called(PHONE_TEMPLATE) == []
    assert notes(commune) == ["blocked"]


async def test_the_month_has_one_limit_for_all_that_costs(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    commune.product = with_settings(commune.product, zalo_monthly_vnd=299)
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        await told(commune)
    assert zalo.called(PHONE_TEMPLATE) == []
    assert commune.rows(Outbound)[-1].error == "cap_reached"
    assert charged(commune) == []
    assert len(notes(commune)) == 1


@pytest.mark.parametrize("code", [-118, -227, -139, -201])
async def test_a_number_that_zalo_refuses_is_rung_and_costs_nothing(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock, code: int
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        clock.advance(days=8)
        zalo.fail_with(TEMPLATE, -249)
        zalo.fail_with(PHONE_TEMPLATE, code)
        await told(commune)
    assert notes(commune) == ["phone_refused"]
    assert charged(commune) == []


async def test_at_night_it_waits_and_goes_once(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        zalo.fail_with(PHONE_TEMPLATE, -133)
        commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
        await commune.until(lambda: commune.rows(Outbound)[-1].error == "night")
        assert charged(commune) == []
        clock.advance(hours=2)
        await lan.hears_nothing()
        clock.advance(hours=11)
        assert (await lan.reply()).template == "9101"
        await lan.hears_nothing()
    assert charged(commune) == [("phone_template", 300)]


async def test_what_may_have_arrived_is_sent_again_under_its_number_and_shown_once(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook(timeout=0.3):
        await filed(commune, lan)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        zalo.keep_silent(PHONE_TEMPLATE, 1.0)
        commune.tell(NoticeEvent.EXTENSION, **EXTENSION)
        assert (await lan.reply()).template == "9101"
        await commune.until(lambda: commune.rows(Outbound)[-1].error)
        clock.advance(minutes=2)
        await commune.settled()
        await lan.hears_nothing()
    calls = zalo.called(PHONE_TEMPLATE)
    assert len(calls) == 2
    assert len({call.params["tracking_id"] for call in calls}) == 1
    assert commune.rows(Outbound)[-1].status is OutboundStatus.SENT
    assert charged(commune) == [("phone_template", 300)]
    assert [charge.kind for charge in zalo.charges] == ["phone_template"]


@pytest.mark.parametrize(
    ("numbers", "said", "verdict"),
    [
        ({}, "không gửi mẫu tin theo số điện thoại", Verdict.OK),
        ({"received": "1", "reply": "2"}, "để lại (received, reply)", Verdict.WARN),
        (
            {"broadcast": "1", "no_such": "2"},
            "theo số: broadcast, no_such",
            Verdict.FAIL,
        ),
    ],
)
def test_checking_says_what_goes_to_numbers(
    commune: OfficialAccount,
    monkeypatch: pytest.MonkeyPatch,
    numbers: dict[str, str],
    said: str,
    verdict: Verdict,
) -> None:
    product = commune.product
    use = {"zalo": ChannelUse(phone_templates=numbers)}
    profile = product.profile.model_copy(update={"channels": use})
    monkeypatch.setattr(check, "load_profile", lambda _path: profile)
    found = [f for f in check.findings(product.settings) if said in f.words]
    assert [finding.verdict for finding in found] == [verdict]


async def test_a_broadcast_never_goes_to_a_number(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    account = OfficialAccount(using(commune.product, broadcast="9101"), zalo)
    everybody = OutboundMessage(
        id=1,
        peer="1",
        text="",
        template=Template("broadcast", {"text": "họp thôn"}),
        is_broadcast=True,
        phone="84905123401",
    )
    async with account.parts() as (zalo_account, _):
        with pytest.raises(ChannelError, match="window_closed"):
            await zalo_account.channel.send(everybody)
    assert zalo.called(PHONE_TEMPLATE) == []
    assert "84905123401" not in repr(everybody)


async def test_the_number_reaches_no_log(
    commune: OfficialAccount,
    zalo: ZaloServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lan = zalo.user()
    with caplog.at_level(logging.DEBUG):
        async with commune.webhook():
            await filed(commune, lan)
            clock.advance(days=8)
            zalo.fail_with(TEMPLATE, -249)
            zalo.fail_with(PHONE_TEMPLATE, -139)
            await told(commune)
    logged = caplog.text + "".join(capfd.readouterr())
    assert zalo.called(PHONE_TEMPLATE)
    assert "905123401" not in logged
