"""On Zalo a broadcast goes in approved words or not at all."""

import json
from typing import Any

import httpx
from pydantic import SecretStr
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.bootstrap import Product
from bot.channels.base import Template
from bot.channels.zalo.api import Api, Door
from bot.channels.zalo.budget import Budget
from bot.channels.zalo.channel import ZaloChannel
from bot.channels.zalo.model import ChannelCharge
from bot.channels.zalo.phone import ByPhone
from bot.channels.zalo.taps import Taps
from bot.channels.zalo.templates import Templates, ZaloFile
from bot.channels.zalo.tokens import Grant, Tokens
from bot.channels.zalo_bot.channel import Words as BotWords
from bot.channels.zalo_bot.channel import ZaloBotChannel
from bot.storage.types import stored_id
from tests.broadcasts.crowd import TEXT, chats, released, statuses, tick

Calls = list[tuple[str, dict[str, Any]]]


async def official_account(
    product: Product, calls: Calls, *, templates: dict[str, str], cap: int = 10_000
) -> ZaloChannel:
    """A connected account; ``calls`` is what the platform was asked."""

    async def answer(request: Request) -> JSONResponse:
        calls.append((request.url.path, json.loads(await request.body())))
        return JSONResponse({"error": 0, "data": {"message_id": f"m{len(calls)}"}})

    platform = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(platform))
    url = "http://zalo.test"
    account = stored_id(product.account("zalo").id)
    door = Door(client, url, "app", SecretStr("secret"))
    tokens = Tokens(
        product.database, product.vault, account, door.refresh, product.clock
    )
    await tokens.keep(Grant(access_token="a", refresh_token="r", expires_in=90_000))

    async def alarm(why: str) -> None:
        raise AssertionError(why)

    return ZaloChannel(
        Api(client, url, tokens),
        client=client,
        taps=Taps(product.vault),
        budget=Budget(
            product.database, product.profile.id, account, cap, product.clock
        ),
        templates=Templates(ZaloFile.load(), templates),
        by_phone=ByPhone(
            Api(client, url, tokens),
            Templates(ZaloFile.load(), templates),
            product.vault,
        ),
        alarm=alarm,
        clock=product.clock,
        media_hosts=(),
    )


async def test_it_goes_by_the_template_also_while_plain_words_are_free(
    product: Product,
) -> None:
    calls: Calls = []
    channel = await official_account(product, calls, templates={"broadcast": "77"})
    account = product.account("zalo")
    chats(product, ["z1"], account, heard_at=product.clock())
    chats(product, ["z2"], account)
    released(product, "zalo", 2)
    tick(product)

    await product.serve({"zalo": channel}, None)[1].send_due()

    assert sorted(calls, key=str) == [
        (
            "/v3.0/oa/message/template",
            {"user_id": user, "template_id": "77", "template_data": {"text": TEXT}},
        )
        for user in ("z1", "z2")
    ]
    assert statuses(product) == {"sent": 2}
    with product.database.reading() as session:
        charges = session.exec(select(ChannelCharge)).all()
    assert [charge.kind for charge in charges] == ["template"] * 2


async def test_why_it_cannot(product: Product) -> None:
    for templates, cap, text, why in (
        ({"broadcast": "77"}, 10_000, TEXT, None),
        ({}, 10_000, TEXT, "template_missing"),
        ({"reply": "3"}, 10_000, TEXT, "template_missing"),
        ({"broadcast": "77"}, 10_000, "a" * 201, "template_too_short"),
        ({"broadcast": "77"}, 0, TEXT, "no_money"),
    ):
        channel = await official_account(product, [], templates=templates, cap=cap)

        assert channel.refuses(Template("broadcast", {"text": text})) == why


async def test_a_bot_of_a_person_carries_none() -> None:
    token = SecretStr("12:secret")
    channel = ZaloBotChannel(
        token, "http://zalo.test", BotWords.load(), media_hosts=(), timeout=1
    )
    assert channel.refuses(Template("broadcast", {"text": TEXT})) == "for_trials"
    await channel.close()
