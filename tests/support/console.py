"""A browser of an officer: it keeps cookies, fills forms, and checks every page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

import httpx

from bot.channels.web import Links, WebChannel
from bot.petitions import service
from bot.petitions.details import Details
from bot.petitions.model import Kind, Petition
from bot.petitions.service import NewPetition
from bot.staff import service as staff
from bot.staff.model import Account, Role
from bot.web.app import create_app
from tests.support.talk import Person, Talk

PASSWORD = "mat khau rat dai"
_UNLABELLED = {"hidden", "submit", "button"}


@dataclass
class Form:
    """A form of a page, with what it would send by itself."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class PageParser(HTMLParser):
    """What the house rules of a page are checked on."""

    def __init__(self) -> None:
        super().__init__()
        self.lang: str | None = None
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.forms: list[Form] = []
        self.inline: list[str] = []
        self.images_without_alt = 0
        self.title = ""
        self.headings = 0
        self._in_title = False
        self._select: str | None = None

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        values = dict(attributes)
        self.lang = values.get("lang") or self.lang
        if identifier := values.get("id"):
            self.ids.append(identifier)
        if "style" in values or any(name.startswith("on") for name in values):
            self.inline.append(tag)
        if (tag == "script" and "src" not in values) or tag == "style":
            self.inline.append(tag)
        if tag == "title":
            self._in_title = True
        if tag == "h1":
            self.headings += 1
        if tag == "label":
            self.labels.add(values.get("for") or "")
        if tag == "img" and "alt" not in values:
            self.images_without_alt += 1
        if tag == "form":
            form = Form(values.get("action") or "", values.get("method") or "get")
            self.forms.append(form)
        if tag in ("input", "select", "textarea"):
            self.inputs.append({**values, "tag": tag})
        self._fill(tag, values)

    def _fill(self, tag: str, values: dict[str, str | None]) -> None:
        """What a browser would send of a form that nobody touched."""
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, values.get("name")
        if tag == "input" and name and values.get("type") != "checkbox":
            fields[name] = values.get("value") or ""
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            is_first = self._select not in fields
            if is_first or "selected" in values:
                fields[self._select] = values.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@dataclass
class Answer:
    """A page, or a file."""

    status: int
    text: str
    headers: httpx.Headers
    content: bytes
    forms: list[Form]

    def form(self, end_of_action: str) -> Form:
        return next(f for f in self.forms if f.action.endswith(end_of_action))


class Browser:
    """One browser."""

    def __init__(self, talk: Talk, app: Any, base: str = "http://test") -> None:
        self.talk = talk
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url=base)
        self.account: Account | None = None

    def get(self, path: str, **query: str | int) -> Answer:
        return self._seen(self.talk.run(self.client.get(path, params=query or None)))

    def post(self, path: str, **fields: str) -> Answer:
        return self._seen(self.talk.run(self.client.post(path, data=fields)))

    def submit(self, form: Form, **fields: str) -> Answer:
        """Press the form's button; then see where it leads."""
        answer = self.post(form.action, **{**form.fields, **fields})
        return self.follow(answer)

    def follow(self, answer: Answer) -> Answer:
        while answer.status == 303:
            answer = self.get(answer.headers["location"])
        return answer

    def log_in(self, login: str, password: str = PASSWORD) -> Answer:
        page = self.get("/staff/login")
        return self.submit(page.forms[0], login=login, password=password)

    def _seen(self, response: httpx.Response) -> Answer:
        parser = PageParser()
        if response.headers.get("content-type", "").startswith("text/html"):
            parser.feed(response.text)
            if "<html" in response.text:
                check_page(parser)
        return Answer(
            response.status_code,
            response.text if response.content[:4] != b"\xff\xd8\xff\xe0" else "",
            response.headers,
            response.content,
            parser.forms,
        )


def check_page(page: PageParser) -> None:
    """The house rules of every page."""
    assert page.lang == "vi"
    assert page.title.strip(), "a page has a title"
    assert page.headings == 1, "a page has one main heading"
    assert len(page.ids) == len(set(page.ids)), "an id is used once"
    assert not page.inline, "nothing that the content policy would refuse"
    assert not page.images_without_alt
    for control in page.inputs:
        if control.get("type") in _UNLABELLED:
            continue
        assert control.get("id") in page.labels, f"{control} has a label"
    for form in page.forms:
        if form.method == "post":
            assert form.fields.get("csrf"), f"{form.action} has a token"


class Desk:
    """The console over a running product, with people at their desks."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.product = talk.product
        self.web = WebChannel(Links(self.product.vault), self.product.clock)

    @cached_property
    def app(self) -> Any:
        """Made when somebody opens a page: it takes longer than most tests."""
        return create_app(self.product, self.talk.worker, self.talk.sender, self.web)

    def stranger(self) -> Browser:
        return Browser(self.talk, self.app)

    def add(
        self,
        login: str,
        role: Role,
        unit: str | None = None,
        *,
        duty: bool = False,
        areas: Sequence[str] = ("ra_nhua",),
    ) -> Account:
        """An account that has no password yet."""
        with self.product.database.writing() as session:
            return staff.add(
                session,
                self.product.profile.id,
                login=login,
                name=f"Cán bộ {login}",
                role=role,
                unit_id=unit,
                on_duty=duty,
                by="test",
                now=self.product.clock(),
                area_ids=areas if role is Role.HAMLET_HEAD else (),
            )

    def give_password(self, login: str) -> None:
        """``PASSWORD``, for somebody who has an account."""
        now = self.product.clock()
        with self.product.database.writing() as session:
            account = staff.find(session, self.product.profile.id, login)
            assert account is not None
            staff.set_password(
                session, staff.invite(session, account, now), PASSWORD, now
            )

    def officer(
        self, login: str, role: Role, unit: str | None = None, *, duty: bool = False
    ) -> Browser:
        """Somebody with an account, logged in."""
        browser = self.stranger()
        browser.account = self.add(login, role, unit, duty=duty)
        self.let_in(browser)
        return browser

    def let_in(self, browser: Browser) -> None:
        """Log the browser's account in, without the form."""
        account, now = browser.account, self.product.clock()
        assert account is not None
        with self.product.database.writing() as session:
            token = staff.open_session(session, account, now)
        browser.client.cookies.set("kiennghi_staff", token, path="/staff")

    def link(self, account: Account, peer: str) -> Person:
        """A chat of an officer, linked with the one-time word."""
        now, person = self.product.clock(), self.talk.person(peer)
        with self.product.database.writing() as session:
            word = staff.chat_word(session, account, now)
        person.say(f"LINK {word}")
        return person

    def file(self, content: str = "đèn đường hư, tối om", **changes: Any) -> Petition:
        """A petition of Lan, filed by the service."""
        values: dict[str, Any] = {
            "content": content,
            "kind": Kind.PHAN_ANH,
            "field": "dien_chieu_sang",
            "field_confidence": 0.87,
            "evidence": ("đèn đường",),
            "programme_id": "doi_thoai",
            "details": Details(
                (("place", "Chỗ", "đầu cầu treo"),), "Đinh Thị Lan", "+84905123406"
            ),
            "conversation_id": self.lan_chat(),
        }
        with self.product.database.writing() as session:
            petition, _ = service.file(
                session,
                self.product.registry,
                NewPetition(**{**values, **changes}),
                now=self.product.clock(),
            )
        return petition

    def lan_chat(self) -> int:
        """The conversation of Lan."""
        lan = self.talk.person("lan")
        if not lan.messages:
            lan.say("chào xã")
        with self.product.database.reading() as session:
            found = self.product.inbox.conversation_of(
                session, self.talk.account, "lan"
            )
        assert found is not None
        return found.id or 0
