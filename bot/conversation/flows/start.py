"""Somebody comes by a link: to a conference, to a matter, or just to say hello.

The payload of such a link is public: what it names is shown as if its name had been
typed.
"""

import re

from bot.conversation.flows.follow import FollowFlow
from bot.conversation.flows.register import RegisterFlow
from bot.conversation.scene import Scene
from bot.conversation.turn import ConferenceInfo
from bot.petitions.code import find_code

START = "start"
_CONFERENCE = re.compile(r"hn-(\d{1,9})")


class StartFlow:
    """``start/hn-3`` registers for a conference, ``start/STH-25-0042-K`` shows a
    matter to who sent it; anything else is greeted."""

    name = START

    def open(self, scene: Scene) -> None:
        """Go where the link leads."""
        target = (scene.turn.payload or "").partition("/")[2]
        if conference := _conference(scene, target):
            RegisterFlow().open_for(scene, conference)
        elif find_code(target):
            _end(scene, FollowFlow.name)
            FollowFlow().open(scene)
        elif scene.state.frames:
            scene.say("utter_introduction")
            scene.say("utter_offer_resume")
        else:
            scene.state.introduced = True
            scene.say("utter_greet")

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""


def _conference(scene: Scene, target: str) -> ConferenceInfo | None:
    """One to come, that people register for."""
    found = _CONFERENCE.fullmatch(target)
    wanted = int(found[1]) if found else None
    return next((c for c in scene.facts.conferences() if c.id == wanted), None)


def _end(scene: Scene, flow: str) -> None:
    if scene.state.frames and scene.frame.flow == flow:
        scene.pop()
