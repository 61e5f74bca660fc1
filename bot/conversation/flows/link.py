"""One person, several chats: link them by a code, part them, say where to write first.

What is linked is seen and followed from every chat; what was said is not.
"""

from bot.conversation.effects import (
    ChatsLinked,
    LinkChats,
    LinkCodeMade,
    MakeLinkCode,
    Outcome,
    Prefer,
    UnlinkChats,
)
from bot.conversation.render import channel_names
from bot.conversation.scene import Scene
from bot.notifications import link_codes
from bot.notifications.link_codes import Verdict

LINK, UNLINK = "link_account", "unlink_account"
_PREFER = "prefer_"
_HERE = "here"
PREFERS = tuple(f"{_PREFER}{name}" for name in ("telegram", "zalo", "web", _HERE))


class LinkFlow:
    """Says what becomes visible, and gives the code on a yes."""

    name = "link"

    def open(self, scene: Scene) -> None:
        """Whether it is meant."""
        links = scene.facts.links()
        if links.is_staff or links.is_full:
            _refuse(scene, Verdict.STAFF if links.is_staff else Verdict.FULL)
            return
        _begin(scene, self.name)
        self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        linked = channel_names(scene.book.texts, scene.facts.links().channels)
        scene.say("utter_ask_link", linked=linked)

    def take(self, scene: Scene) -> bool:
        """Yes or no."""
        if scene.affirmed():
            scene.do(MakeLinkCode())
            return True
        return scene.denied() and _let_be(scene)

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """The code, once."""
        if not isinstance(outcome, LinkCodeMade):
            return
        scene.pop()
        scene.say("utter_link_code", word=outcome.code, minutes=outcome.minutes)
        _go_on(scene)


class PairFlow:
    """A code was typed: with what it links this chat, and one question more."""

    name = "pair"

    def open(self, scene: Scene) -> None:
        """The question, or why there is none."""
        verdict = _verdict(scene)
        if verdict is not Verdict.GOOD:
            _refuse(scene, verdict)
            return
        _begin(scene, self.name)
        self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again, as long as there is still time."""
        offer = scene.facts.offer()
        if offer is None:
            scene.pop()
            _refuse(scene, Verdict.REFUSED)
            return
        scene.say(
            "utter_ask_pair",
            channels=channel_names(scene.book.texts, offer.channels),
            code=offer.code,
            lost=offer.is_lost,
        )

    def take(self, scene: Scene) -> bool:
        """Yes or no."""
        if scene.affirmed():
            scene.do(LinkChats())
            return True
        return scene.denied() and _let_be(scene)

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """Linked, or why not."""
        if not isinstance(outcome, ChatsLinked):
            return
        scene.pop()
        if outcome.refused:
            _refuse(scene, Verdict(outcome.refused))
            return
        linked = channel_names(scene.book.texts, outcome.channels)
        scene.say("utter_paired", channels=linked)
        _go_on(scene)


class UnlinkFlow:
    """Each chat by itself again, after one question."""

    name = "unlink"

    def open(self, scene: Scene) -> None:
        """Whether it is meant."""
        if not scene.facts.links().channels:
            scene.say("utter_nothing_linked")
            _go_on(scene)
            return
        _begin(scene, self.name)
        self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        linked = channel_names(scene.book.texts, scene.facts.links().channels)
        scene.say("utter_ask_unlink", channels=linked)

    def take(self, scene: Scene) -> bool:
        """Yes or no."""
        if scene.affirmed():
            scene.pop()
            scene.do(UnlinkChats())
            scene.say("utter_unlinked")
            _go_on(scene)
            return True
        return scene.denied() and _let_be(scene)


class PreferFlow:
    """Where this person wants to be written to first; no question."""

    name = "prefer"

    def open(self, scene: Scene) -> None:
        """That channel, if a chat of it is linked."""
        links, texts = scene.facts.links(), scene.book.texts
        wanted = (scene.said or "").removeprefix(_PREFER)
        channel = links.own if wanted in ("", _HERE) else wanted
        name = channel_names(texts, [channel])
        there = (links.own, *links.channels)
        # People know two channels of a platform by one name.
        alike = (each for each in there if channel_names(texts, [each]) == name)
        channel = channel if channel in there else next(alike, channel)
        if channel not in there:
            scene.say("utter_prefer_not_linked", channel=name)
        elif not links.channels:
            scene.say("utter_prefer_only_here")
        else:
            scene.do(Prefer(channel))
            scene.say("utter_prefers", channel=name)
        _go_on(scene)

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""


def _begin(scene: Scene, name: str) -> None:
    """The question is asked once, however often somebody comes to it."""
    frames = scene.state.frames
    scene.state.frames = [frame for frame in frames if frame.flow != name]
    scene.push(name)


def _verdict(scene: Scene) -> Verdict:
    named = (scene.said or "").partition("/")[2]
    return Verdict(named) if named in set(Verdict) else Verdict.REFUSED


def _refuse(scene: Scene, verdict: Verdict) -> None:
    minutes = link_codes.LASTS.seconds // 60
    scene.say(f"utter_link_{verdict.value}", minutes=minutes)
    _go_on(scene)


def _let_be(scene: Scene) -> bool:
    scene.pop()
    scene.say("utter_link_let_be")
    _go_on(scene)
    return True


def _go_on(scene: Scene) -> None:
    """What was running before is offered again."""
    if scene.state.frames:
        scene.say("utter_offer_resume")
