"""``kiennghi check``: what would go wrong, before residents find out."""

import os
import re
import shutil
import string
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import load_book
from bot.channels.zalo.templates import ZaloFile
from bot.clock import system_clock, today
from bot.conversation.files import check_file
from bot.deadlines.calendar import WorkingCalendar
from bot.errors import BotError
from bot.localities.profile import LANE_RECIPIENTS, Profile, load_profile
from bot.messages import message, operator_message
from bot.notifications import enclosures, table
from bot.petitions.sealed import queries
from bot.rasa_server import model_path
from bot.settings import ROOT, Settings, load_settings
from bot.storage.database import Database
from bot.storage.vault import KeyFiles

_GIB = 2**30
_LEAST_MEMORY = _LEAST_DISK = 2
_LONGEST_PROMPT = 1024 * 1024
"""Bytes of a recorded prompt: people pay for what they receive."""
_BUILT = datetime(2025, 11, 1, tzinfo=UTC)
"""A clock before this is wrong: the product did not exist."""


_TO_ALL = frozenset({"broadcast"})
"""Zalo's templates that are nobody's own matter."""
_SERIOUS = ("reception", "profile_historic", "lane_recipient")
"""Shortcomings with which residents must not be served."""


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    words: str


def attach(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check() -> None:
    """Check profile, texts, settings, database, keys, model, calendar and machine."""
    settings = load_settings()
    worst = Verdict.OK
    for finding in findings(settings):
        mark = message("checks", finding.verdict.value)
        typer.echo(f"[{mark}] {finding.words}")
        if finding.verdict is Verdict.FAIL:
            worst = Verdict.FAIL
    sys.exit(2 if worst is Verdict.FAIL else 0)


def findings(settings: Settings) -> Iterator[Finding]:
    """Every check, in the order a person would mend them."""
    yield Finding(Verdict.OK, message("checks", "settings"))
    try:
        profile = load_profile(settings.profile_path)
        yield from _profile(settings, profile)
        yield from _texts(profile)
        yield from _calendar(settings)
    except BotError as error:
        yield Finding(Verdict.FAIL, operator_message(error))
    yield from _database(settings)
    yield from _lane(settings)
    yield from _keys(settings)
    yield from _model(settings)
    yield from _machine(settings)


def _profile(settings: Settings, profile: Profile) -> Iterator[Finding]:
    yield Finding(Verdict.OK, message("checks", "profile", name=profile.name))
    serious = Verdict.FAIL if settings.env == "production" else Verdict.WARN
    for code in profile.problems():
        paths = ", ".join(profile.unconfirmed)
        is_serious = code.startswith(_SERIOUS)
        verdict = serious if is_serious else Verdict.WARN
        yield Finding(verdict, message("checks", code, paths=paths))
    if settings.telegram_token and "telegram" not in profile.channels_for_staff:
        yield Finding(Verdict.WARN, message("checks", "telegram_abroad"))
    if settings.zalo_app_id:
        yield from _zalo(settings, profile)
    if settings.zalo_bot_token:
        yield Finding(Verdict.WARN, message("checks", "zalo_bot_trial"))
        if not (settings.zalo_bot_webhook_secret and settings.public_url):
            yield Finding(Verdict.WARN, message("checks", "zalo_bot_polled"))


def _zalo(settings: Settings, profile: Profile) -> Iterator[Finding]:
    known = ZaloFile.load().templates
    approved = profile.channel("zalo").templates
    unknown = ", ".join(sorted(approved.keys() - known.keys()))
    missing = ", ".join(name for name in known if name not in approved)
    if unknown:
        words = message("checks", "zalo_template_unknown", names=unknown)
        yield Finding(Verdict.FAIL, words)
    if missing:
        words = message("checks", "zalo_templates_missing", names=missing)
        yield Finding(Verdict.WARN, words)
    yield from _by_phone(profile.channel("zalo").phone_templates, known)
    if settings.zalo_oa_secret is None and not settings.zalo_polling:
        yield Finding(Verdict.WARN, message("checks", "zalo_secret_missing"))
    if settings.zalo_monthly_vnd == 0:
        yield Finding(Verdict.WARN, message("checks", "zalo_no_money"))


def _by_phone(approved: Mapping[str, str], known: Collection[str]) -> Iterator[Finding]:
    """Templates by telephone number are paid, and only for one person's own matter."""
    if not approved:
        yield Finding(Verdict.OK, message("checks", "zalo_phone_off"))
        return
    wrong = ", ".join(
        sorted((approved.keys() - set(known)) | (approved.keys() & _TO_ALL))
    )
    if wrong:
        words = message("checks", "zalo_phone_wrong", names=wrong)
        yield Finding(Verdict.FAIL, words)
    names = ", ".join(sorted(approved))
    yield Finding(Verdict.WARN, message("checks", "zalo_phone_on", names=names))


def _texts(profile: Profile) -> Iterator[Finding]:
    book = load_book(profile)
    table.load().check(book.texts)
    vietnamese = book.texts.render("utter_call_in_vietnamese", {}).text
    yield from _prompts(profile, book.texts.names, vietnamese)
    count = len(book.texts.names)
    yield Finding(Verdict.OK, message("checks", "texts", count=count))
    for name, text in profile.texts.items():
        for _, value, _, _ in string.Formatter().parse(text):
            if value and not re.fullmatch(r"[A-Za-z_]+", value):
                yield Finding(
                    Verdict.FAIL,
                    message("checks", "text_unused_value", name=name, value=value),
                )


def _prompts(
    profile: Profile, names: Collection[str], vietnamese: str
) -> Iterator[Finding]:
    """Recorded prompts that nobody would hear."""
    for language, files in profile.prompts.items():
        for response in files:
            path = profile.prompt(language, response)
            problem = _prompt_problem(path, response, names)
            if problem:
                code = f"prompt_{problem}"
                words = message("checks", code, path=f"data/{path}", name=response)
                yield Finding(Verdict.FAIL, words)
    spoken = {interpreter.language for interpreter in profile.interpreters}
    for language in sorted(profile.prompts.keys() - spoken - {vietnamese}):
        words = message("checks", "prompt_language", language=language)
        yield Finding(Verdict.WARN, words)


def _prompt_problem(path: str, response: str, names: Collection[str]) -> str:
    if response not in names:
        return "unknown"
    found = enclosures.shipped(path)
    if found is None:
        return "missing"
    if found.size > _LONGEST_PROMPT:
        return "too_large"
    try:
        checked = check_file((enclosures.DATA / path).read_bytes(), _LONGEST_PROMPT)
    except BotError:
        return "no_sound"
    return "" if checked.mime == found.mime else "no_sound"


def _calendar(settings: Settings) -> Iterator[Finding]:
    calendar = WorkingCalendar.load(ROOT / "data" / "calendar")
    year = today(settings.make_clock()()).year
    for each in (year, year + 1):
        approved = calendar.approved(each)
        code = "calendar" if approved else "calendar_unapproved"
        verdict = Verdict.OK if approved else Verdict.WARN
        yield Finding(verdict, message("checks", code, year=each))


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        database = Database(settings.database)
        at_head = database.is_at_head()
        database.close()
    except Exception as error:  # noqa: BLE001  (any driver, any reason)
        problem = type(error).__name__
        words = message("errors", "database_unreachable", problem=problem)
        yield Finding(Verdict.FAIL, words)
        return
    code = "database" if at_head else "database_behind"
    yield Finding(Verdict.OK if at_head else Verdict.WARN, message("checks", code))


def _lane(settings: Settings) -> Iterator[Finding]:
    """Whether enough recipients of the sealed lane have made their keys."""
    try:
        profile = load_profile(settings.profile_path)
        database = Database(settings.database)
        with database.reading() as session:
            rows = queries.in_force(session, profile)
        database.close()
    except (BotError, SQLAlchemyError):
        return  # told by the checks of profile and database
    seats = [profile.sealed_lane.recipient(row.seat) for row in rows]
    is_enough = len(seats) >= LANE_RECIPIENTS and any(s and s.outside for s in seats)
    if is_enough:
        yield Finding(Verdict.OK, message("checks", "lane_keys"))
        return
    serious = Verdict.FAIL if settings.env == "production" else Verdict.WARN
    words = message("checks", "lane_keys_missing", count=len(seats))
    yield Finding(serious, words)


def _keys(settings: Settings) -> Iterator[Finding]:
    keys = KeyFiles(settings.data_dir / "keys")
    if keys.master.exists() and not keys.is_backed_up():
        yield Finding(Verdict.WARN, message("checks", "keys_not_backed_up"))
    else:
        yield Finding(Verdict.OK, message("checks", "keys"))


def _model(settings: Settings) -> Iterator[Finding]:
    if settings.rasa == "off":
        yield Finding(Verdict.WARN, message("checks", "model_off"))
        return
    try:
        model_path()
    except BotError as error:
        yield Finding(Verdict.FAIL, operator_message(error))
    else:
        yield Finding(Verdict.OK, message("checks", "model"))


def _machine(settings: Settings) -> Iterator[Finding]:
    has_avx = _has_avx()
    verdict = Verdict.OK if has_avx or settings.rasa == "off" else Verdict.FAIL
    yield Finding(verdict, message("checks", "avx" if has_avx else "avx_missing"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    yield _enough("memory", memory, _LEAST_MEMORY)
    place = settings.data_dir if settings.data_dir.exists() else ROOT
    yield _enough("disk", shutil.disk_usage(place).free / _GIB, _LEAST_DISK)
    yield from _clock(settings)


def _enough(what: str, gib: float, least: int) -> Finding:
    if gib < least:
        return Finding(Verdict.WARN, message("checks", f"{what}_low"))
    return Finding(Verdict.OK, message("checks", what, gib=f"{gib:.1f}"))


def _clock(settings: Settings) -> Iterator[Finding]:
    now = system_clock()
    if now < _BUILT:
        yield Finding(Verdict.FAIL, message("checks", "clock_wrong", now=now))
    elif settings.now is not None:
        yield Finding(Verdict.WARN, message("checks", "clock_rehearsal"))
    elif Path("/run/systemd/timesync/synchronized").exists():
        yield Finding(Verdict.OK, message("checks", "clock"))
    else:
        yield Finding(Verdict.WARN, message("checks", "clock_unsynchronised"))


def _has_avx() -> bool:
    try:
        return " avx " in Path("/proc/cpuinfo").read_text()
    except OSError:
        return True
