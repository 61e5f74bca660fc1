"""The composition root: the only module that builds real collaborators."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlmodel import select

from bot.channels.base import Channel
from bot.clock import Clock
from bot.conferences import service as conferences
from bot.conversation.domain import Domain
from bot.conversation.engine import Engine
from bot.conversation.flows import ALL, OPENINGS, QUESTIONS
from bot.conversation.inbox import Burst, Inbox
from bot.conversation.phrases import Phrases
from bot.conversation.rasa import RasaClient
from bot.conversation.scene import Book
from bot.conversation.shelf import Shelf
from bot.conversation.turns import Turns
from bot.conversation.worker import Worker
from bot.deadlines.calendar import WorkingCalendar
from bot.errors import ConfigurationError
from bot.localities import fields
from bot.localities.gazetteer import Gazetteer
from bot.localities.profile import Profile, load_profile
from bot.notifications import table
from bot.notifications.model import ChannelAccount, Conversation
from bot.notifications.policy import Notifier
from bot.notifications.sender import Sender
from bot.petitions.sealed.answers import Discretion
from bot.petitions.service import Registry
from bot.safety.rules import SafetyRules
from bot.settings import ROOT, Settings
from bot.storage import tables  # noqa: F401  (registers every table)
from bot.storage.database import Database
from bot.storage.media import MediaStore
from bot.storage.vault import KeyFiles, Vault
from bot.texts import Texts


@dataclass(frozen=True)
class Product:
    """Everything that does not depend on which channels a process serves."""

    settings: Settings
    clock: Clock
    profile: Profile
    database: Database
    keys: KeyFiles
    vault: Vault
    registry: Registry
    book: Book
    engine: Engine
    safety: SafetyRules
    inbox: Inbox
    media: MediaStore
    discretion: Discretion

    @property
    def texts(self) -> Texts:
        """What residents read."""
        return self.book.texts

    @property
    def notifier(self) -> Notifier:
        """Who tells residents and officers."""
        return Notifier.of(self.registry, self.texts)

    def serve(
        self, channels: Mapping[str, Channel], rasa: RasaClient | None
    ) -> tuple[Worker, Sender]:
        """A worker and a sender for these channels."""
        capabilities = {name: c.capabilities for name, c in channels.items()}
        turns = Turns(self.engine, self.registry, self.texts, capabilities)
        sender = Sender(
            self.database,
            self.vault,
            channels,
            self.profile.id,
            self.clock,
            Shelf(self.database, self.media).fetch,
            phoned=self.profile.channels_by_phone,
        )
        worker = Worker(self.database, self.inbox, turns, sender, rasa, self.clock)
        return worker, sender

    def account(self, channel: str, name: str = "") -> ChannelAccount:
        """The locality's account on a channel; made the first time."""
        with self.database.writing() as session:
            found = session.exec(
                select(ChannelAccount).where(
                    ChannelAccount.locality_id == self.profile.id,
                    ChannelAccount.channel == channel,
                    ChannelAccount.name == name,
                )
            ).one_or_none()
            if found is None:
                found = ChannelAccount(
                    locality_id=self.profile.id, channel=channel, name=name
                )
                session.add(found)
                session.flush()
            return found

    def rasa(self, url: str, secret: str) -> RasaClient:
        """A client for the Rasa that answers there."""
        return RasaClient(
            url,
            secret,
            self.book.domain.intents,
            timeout=self.settings.rasa_timeout_seconds,
        )

    def close(self) -> None:
        """Release the database."""
        self.database.close()


def build(settings: Settings, *, bursts: bool = True) -> Product:
    """Read every file, open keys and database, bring it to the newest migration.

    ``bursts`` false: nothing waits for more of a burst (scripts, benchmarks). Raises
    ``ConfigurationError`` with the first thing that is wrong.
    """
    profile = load_profile(settings.profile_path)
    database = Database(settings.database)
    keys = KeyFiles(settings.data_dir / "keys")
    with _alone(settings.data_dir):
        database.migrate()
        _refuse_lost_key(database, keys)
        vault = keys.open()
    clock = settings.make_clock()
    book = load_book(profile)
    table.load().check(book.texts)
    shared = _shared_files()
    safety = shared.safety
    product = Product(
        settings=settings,
        clock=clock,
        profile=profile,
        database=database,
        keys=keys,
        vault=vault,
        registry=Registry(profile, shared.calendar, vault),
        book=book,
        engine=Engine(book, ALL, OPENINGS, QUESTIONS),
        safety=safety,
        inbox=Inbox(
            profile.id,
            vault,
            safety,
            book.phrases,
            _burst(settings) if bursts else Burst.none(),
            for_staff=profile.channels_for_staff,
        ),
        media=MediaStore(settings.data_dir / "media", vault),
        discretion=shared.discretion,
    )
    with database.writing() as session:
        conferences.ensure_planned(session, profile, clock())
    return product


@dataclass(frozen=True)
class _Shared:
    """What is read alike for every locality, and never changes while a process runs."""

    phrases: Phrases
    forms: Domain
    texts: Texts
    calendar: WorkingCalendar
    safety: SafetyRules
    discretion: Discretion


@cache
def _shared_files() -> _Shared:
    data, domain = ROOT / "data", ROOT / "domain.yml"
    phrases = Phrases.load(data / "phrases.yml")
    safety = SafetyRules.load(data / "safety.yml")
    return _Shared(
        phrases=phrases,
        forms=Domain.load(domain),
        texts=Texts.load(domain, phrases.weekdays),
        calendar=WorkingCalendar.load(data / "calendar"),
        safety=safety,
        discretion=Discretion.load(data / "lane.yml", safety),
    )


def load_book(profile: Profile) -> Book:
    """Forms, words and names of places for a locality."""
    shared = _shared_files()
    own = profile.self_name
    common = {
        "authority": profile.authority,
        "self": own,
        "Self": own[:1].upper() + own[1:],
        "triage": profile.unit(profile.triage_unit).short_name,
        "place": profile.reception.place,
        "hours": profile.reception.hours,
    }
    _check_slips(profile, shared.forms)
    return Book(
        domain=shared.forms,
        texts=shared.texts.worded(profile.texts, common),
        phrases=shared.phrases,
        gazetteer=Gazetteer(profile.areas),
        field_labels=fields.labels(profile),
    )


def _check_slips(profile: Profile, domain: Domain) -> None:
    """A plan may ask an enterprise for nothing that its form does not have."""
    known = domain.forms["enterprise_form"].required_slots
    for programme in profile.programmes:
        for plan in programme.conferences:
            for slot in plan.slip.fields if plan.slip else ():
                if slot not in known:
                    raise ConfigurationError("slip_field_unknown", name=slot)


def _burst(settings: Settings) -> Burst:
    return Burst.of(settings.burst_wait_seconds, settings.burst_max_seconds)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One process at a time: two may start for the first time together."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_lost_key(database: Database, keys: KeyFiles) -> None:
    """A new key beside old data would make all of it unreadable for good."""
    if keys.master.exists():
        return
    with database.reading() as session:
        if session.exec(select(Conversation.id).limit(1)).first() is not None:
            raise ConfigurationError("key_missing", path=str(keys.master))
