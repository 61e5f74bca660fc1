"""What holds for every answer of the web application."""

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import DomainError
from bot.scheduling import heartbeats
from bot.scheduling.tick import Tick
from bot.settings import Settings
from bot.web.limits import Bucket, Buckets, Limit
from bot.web.site import Site as Parts
from tests.support.site import Site, running

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def routes_that_fail(_site: Parts) -> APIRouter:
    router = APIRouter()

    @router.get("/bug")
    async def bug() -> None:
        raise RuntimeError("secret words")

    @router.get("/rule")
    async def rule() -> None:
        raise DomainError("not_now")

    @router.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    return router


async def get(site: Site, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(site.url + path, headers=headers)


ERRORS = [
    ("/nowhere", 404, "not_found"),
    ("/chat/files", 405, "method_not_allowed"),
    ("/rule", 422, "not_now"),
    ("/number/one", 422, "request_invalid"),
    ("/bug", 500, "failed"),
]


async def test_an_error_is_a_code_for_programs_and_a_page_for_people(
    settings: Settings, subtests: pytest.Subtests
) -> None:
    async with running(settings, routes_that_fail) as site:
        for path, status, code in ERRORS:
            with subtests.test(path=path):
                program = await get(site, path)
                person = await get(site, path, **BROWSER)
                assert (program.status_code, program.json()) == (
                    status,
                    {"error": code},
                )
                assert person.status_code == status
                assert "Về trang nhắn tin" in person.text
                for response in (program, person):
                    assert "secret" not in response.text
                    assert "Traceback" not in response.text
                    assert "content-security-policy" in response.headers


async def test_every_answer_tells_browsers_to_be_careful(
    site: Site, subtests: pytest.Subtests
) -> None:
    for path in ("/", "/healthz", "/nowhere"):
        with subtests.test(path=path):
            headers = (await get(site, path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self';")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert f"ws://127.0.0.1:{site.port}" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "no-referrer"


async def test_a_strange_host_does_not_come_into_the_policy(site: Site) -> None:
    response = await get(site, "/", Host="a.example;script-src *")
    assert "a.example" not in response.headers["content-security-policy"]


async def test_no_page_describes_the_inside(site: Site) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await get(site, path)).status_code == 404


async def test_static_files_are_kept_under_an_address_of_their_content(
    site: Site,
) -> None:
    page = (await get(site, "/")).text
    [script] = [part for part in page.split('"') if part.endswith("/chat.js")]

    response = await get(site, script)

    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    assert (await get(site, script.replace("chat.js", "../chat.py"))).status_code == 404


async def test_health_shows_a_scheduler_that_stands_still(site: Site) -> None:
    product = site.product
    now, tick = product.clock(), Tick("alerts", 5, lambda _session, _now: 0)
    with product.database.writing() as session:
        heartbeats.beat(session, product.profile.id, tick, now)
    assert (await get(site, "/healthz")).json()["scheduler"] == "ok"

    with product.database.writing() as session:
        heartbeats.beat(session, product.profile.id, tick, now - timedelta(hours=1))
    answer = await get(site, "/healthz")

    assert answer.status_code == 503
    assert answer.json() == {
        "database": "ok",
        "scheduler": "stopped",
        "late": ["alerts"],
    }


async def test_health_is_the_databases_answer(site: Site) -> None:
    assert (await get(site, "/healthz")).json() == {"database": "ok"}
    with site.product.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE channelaccount RENAME TO elsewhere")
        connection.commit()
    assert (await get(site, "/healthz")).status_code == 503


LIMIT = Limit(burst=5, per_second=2)


@given(st.lists(st.floats(0, 10), max_size=60))
def test_a_bucket_never_gives_more_than_its_limit(pauses: list[float]) -> None:
    bucket, now, given_out = Bucket(LIMIT, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        given_out += bucket.take(now)
        assert given_out <= LIMIT.burst + LIMIT.per_second * now + 1e-6


@given(st.floats(0.5, 100))
def test_a_bucket_that_is_left_alone_fills_up(pause: float) -> None:
    bucket = Bucket(LIMIT, 0.0)
    while bucket.take(0.0):
        pass
    assert bucket.take(pause)


def test_addresses_have_buckets_of_their_own() -> None:
    buckets = Buckets(LIMIT)
    while buckets.of("203.0.113.1", 0.0).take(0.0):
        pass
    assert buckets.of("203.0.113.2", 0.0).take(0.0)
    assert not buckets.of("203.0.113.1", 0.0).take(0.0)
