"""What is sent beside the words of a story: pictures, voices, papers, a position."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.channels.base import MediaKind
from bot.conversation.flows.story import SPOKEN_AT
from bot.conversation.scene import Scene
from bot.conversation.state import Answer, Frame
from bot.conversation.turn import Picture


def keep(scene: Scene, media: Sequence[Picture]) -> None:
    """Files go with the petition, each once."""
    if not media:
        return
    frame = scene.frame
    kept = list(frame.value("photos") or ())
    kept += [picture.id for picture in media if picture.id not in kept]
    kinds = frame.data.setdefault("kinds", {})
    kinds.update({str(picture.id): picture.kind.value for picture in media})
    frame.fill("photos", Answer(value=kept))
    if MediaKind.VOICE.value in kinds.values():
        frame.data.setdefault(SPOKEN_AT, scene.turn.now.isoformat())


def has_files(scene: Scene) -> bool:
    """Whether anything was kept."""
    return bool(scene.frame.value("photos"))


def counted(scene: Scene) -> str:
    """How many of each kind, without those that were refused; empty for none."""
    kept: dict[str, str] = scene.frame.data.get("kinds", {})
    refused = scene.facts.refused_files() if kept else ()
    kinds = [kind for file, kind in kept.items() if int(file) not in refused]
    parts = [
        scene.book.texts.render(f"utter_count_{kind}", {"count": count}).text
        for kind in MediaKind
        if (count := kinds.count(kind.value))
    ]
    return ", ".join(parts)


def spoken_at(frame: Frame) -> datetime | None:
    """When the first voice came."""
    at = frame.data.get(SPOKEN_AT)
    return datetime.fromisoformat(at) if at else None


def spot(scene: Scene) -> Answer:
    """A position that was sent."""
    shown = scene.book.texts.render("utter_shown_location", {}).text
    latitude, longitude = scene.turn.location or (0.0, 0.0)
    return Answer(value=f"{latitude:.6f},{longitude:.6f}", shown=shown)


def with_spot(answer: Answer, scene: Scene) -> Answer:
    """Words for a place, with the position for officers."""
    return Answer(value=f"{answer.value} ({spot(scene).value})", shown=answer.shown)


def keep_spot(scene: Scene) -> None:
    """A position that nobody asked for belongs to the place all the same."""
    frame, turn = scene.frame, scene.turn
    known = frame.slots.get("place")
    answer = spot(scene)
    if turn.venue and turn.text == turn.venue:
        answer = with_spot(Answer(value=turn.venue, shown=turn.venue), scene)
    if known is not None and known.shown:
        answer = Answer(
            value=f"{known.value}, {answer.value}",
            shown=f"{known.shown}, {answer.shown}",
        )
    frame.fill("place", answer)
    scene.say("utter_noted", noted=answer.shown)
    text = "" if turn.text == turn.venue else turn.text
    scene.turn = replace(turn, location=None, venue="", text=text)
