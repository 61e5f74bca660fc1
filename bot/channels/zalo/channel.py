"""Sends to Zalo and fetches from it, within what it allows and what it costs."""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from bot import log
from bot.channels.base import Button, Capabilities, Media, OutboundMessage, Template
from bot.channels.carriage import carriage
from bot.channels.cut import cut
from bot.channels.download import download
from bot.channels.zalo.api import Api
from bot.channels.zalo.budget import Budget, Window
from bot.channels.zalo.form import Form
from bot.channels.zalo.phone import ByPhone
from bot.channels.zalo.problems import STOPS
from bot.channels.zalo.taps import Taps
from bot.channels.zalo.templates import Templates
from bot.channels.zalo.uploads import Uploads
from bot.clock import Clock
from bot.errors import ChannelError

MAX_BUTTONS = 5
MAX_TEXT = 2000
_MAX_TITLE = 100
_SOON, _MINUTE = 1.0, 60.0
_CONSULT = "/v3.0/oa/message/cs"
_TEMPLATE = "/v3.0/oa/message/template"

Alarm = Callable[[str], Awaitable[None]]
"""Tells a person that the account needs one; by a code."""

logger = log.get(__name__)


class ZaloChannel:
    """One Official Account."""

    name = "zalo"
    knows_repeats = False

    def __init__(
        self,
        api: Api,
        *,
        client: httpx.AsyncClient,
        taps: Taps,
        budget: Budget,
        templates: Templates,
        alarm: Alarm,
        clock: Clock,
        media_hosts: tuple[str, ...],
        by_phone: ByPhone,
        form_picture: str = "",
    ) -> None:
        """``media_hosts``: addresses like ``https://zdn.vn`` that files, also of hosts
        under them, may be fetched from. ``form_picture``: the address of the picture on
        the form for a telephone number; none: there is no form."""
        self.capabilities = Capabilities(
            max_buttons=MAX_BUTTONS,
            max_text=MAX_TEXT,
            contact_form=bool(form_picture),
            files=carriage("zalo"),
        )
        self._form = Form(templates.file.form_title, form_picture)
        self._api = api
        self._client = client
        self._taps = taps
        self._budget = budget
        self._templates = templates
        self._by_phone = by_phone
        self._alarm = alarm
        self._clock = clock
        self._media_hosts = media_hosts
        self._uploads = Uploads(api, clock)

    async def send(self, message: OutboundMessage) -> str | None:
        """Plain words while they are carried, an approved template after that. Raises
        ``ChannelError``: ``window_closed`` when there is none, ``cap_reached``."""
        window = Window.of(message.heard_at, self._clock())
        prices = self._templates.file.prices
        try:
            if message.phone is not None:
                return await self._send_by_phone(message)
            if window is Window.CLOSED or message.is_broadcast:
                return await self._send_template(message, prices.template)
            price = prices.consultation if window is Window.PAID else 0
            send = self._file if message.file else self._words
            return await self._paid(message, "consultation", price, send)
        except ChannelError as error:
            if error.code in STOPS:
                await self._alarm(error.code)
            raise

    def refuses(self, template: Template) -> str | None:
        """A broadcast goes in approved words or not at all, whatever the window."""
        return self._templates.problem(template) or self._budget.problem

    async def fetch(self, media: Media) -> bytes:
        """The bytes of a file, from Zalo's own hosts only; its link dies soon."""
        return await download(self._client, media.source, self._media_hosts)

    async def _send_template(self, message: OutboundMessage, price: int) -> str | None:
        if self._templates.find(message.template) is None:
            raise ChannelError("window_closed", permanent=True)
        return await self._paid(message, "template", price, self._template)

    async def _send_by_phone(self, message: OutboundMessage) -> str | None:
        if not self._by_phone.carries(message):
            raise ChannelError("window_closed", permanent=True)
        price, send = self._by_phone.price, self._by_phone.send
        try:
            return await self._paid(message, "phone_template", price, send)
        except ChannelError as error:
            if not error.uncertain:
                raise
            # What may have arrived is taken once, and stays paid.
            raise ChannelError(error.code, retry_after=_MINUTE) from None

    async def _paid(
        self,
        message: OutboundMessage,
        kind: str,
        price: int,
        send: Callable[[OutboundMessage], Awaitable[Mapping[str, Any]]],
    ) -> str | None:
        if price:
            await self._budget.take(message.id, kind, price)
        try:
            answer = await send(message)
        except ChannelError as error:
            if price and not error.uncertain:
                await self._budget.give_back(message.id)
            raise
        return str(answer.get("message_id") or "") or None

    async def _words(self, message: OutboundMessage) -> Mapping[str, Any]:
        """As a form where one is wanted and can be had. What Zalo refuses was not sent:
        the same is asked in words."""
        form = self._form.ask(message) if message.request_contact else None
        if form is None:
            return await self._plain(message)
        try:
            return await self._consult(message, {"attachment": form})
        except ChannelError as error:
            if error.code != "refused":
                raise
        logger.warning("zalo_form_refused", message=message.id)
        return await self._plain(message)

    async def _plain(self, message: OutboundMessage) -> Mapping[str, Any]:
        text = cut(unicodedata.normalize("NFC", message.text), MAX_TEXT)
        content: dict[str, Any] = {"text": text}
        if message.buttons:
            content["attachment"] = {
                "type": "template",
                "payload": {"buttons": self._buttons(message)},
            }
        return await self._consult(message, content)

    async def _consult(
        self, message: OutboundMessage, content: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return await self._api.post(
            _CONSULT, {"recipient": {"user_id": message.peer}, "message": content}
        )

    async def _file(self, message: OutboundMessage) -> Mapping[str, Any]:
        assert message.file is not None  # noqa: S101  (``send``)
        attachment, was_known = await self._uploads.attachment(message.file)
        try:
            return await self._consult(message, {"attachment": attachment})
        except ChannelError as error:
            self._uploads.forget(message.file)
            if error.code != "refused":
                raise
            if was_known:  # perhaps an upload serves one message only
                raise ChannelError("file_expired", retry_after=_SOON) from None
            raise ChannelError("file_refused", permanent=True) from None

    async def _template(self, message: OutboundMessage) -> Mapping[str, Any]:
        found = self._templates.find(message.template)
        assert found is not None  # noqa: S101  (``_send_template``)
        number, values = found
        return await self._api.post(
            _TEMPLATE,
            {"user_id": message.peer, "template_id": number, "template_data": values},
        )

    def _buttons(self, message: OutboundMessage) -> list[dict[str, str]]:
        return [
            {
                "title": _title(button),
                "type": "oa.query.hide",
                "payload": self._taps.write(message.peer, message.id, button.payload),
            }
            for button in message.buttons[:MAX_BUTTONS]
        ]


def _title(button: Button) -> str:
    return unicodedata.normalize("NFC", button.title)[:_MAX_TITLE]
