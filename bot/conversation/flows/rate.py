"""Is it done? What the resident says of a reply; anything less takes it up anew."""

from bot.conversation.effects import Rate
from bot.conversation.flows.changes import AddFlow, is_gone
from bot.conversation.scene import Scene
from bot.conversation.turn import Matter
from bot.conversation.validators import shorten
from bot.petitions.code import find_code
from bot.petitions.life import Stage
from bot.petitions.model import Rating

_PREFIX = "rate_"
_SURE = 0.7
_WORDS = 4
"""So many say what is left, and are not asked for it."""
TAPPED = tuple(f"{_PREFIX}{rating.value}" for rating in Rating)


class RateFlow:
    """Asks which petition and whether it is done; then what is still to be done."""

    name = "rate"

    def open(self, scene: Scene) -> None:
        """A button under our question, or words about a reply."""
        answered = _answered(scene)
        found = find_code(scene.turn.named)
        if found:
            answered = [matter for matter in answered if matter.code == found[0]]
        if not answered:
            self._nothing_answered(scene)
            return
        scene.push(self.name)
        if len(answered) == 1 and is_not_done(scene):
            self._choose(scene, answered[0], Rating.NOT_DONE)
            if scene.state.frames and scene.frame.step == "what":
                scene.replies.pop()
                scene.say("utter_noted", noted=shorten(scene.turn.text))
                self._take_rest(scene)
        elif len(answered) == 1:
            self._choose(scene, answered[0], _tapped(scene.turn.payload))
        else:
            self._ask_which(scene, answered)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        data = scene.frame.data
        if "code" not in data:
            self._ask_which(scene, _answered(scene))
        elif scene.frame.step == "what":
            scene.say("utter_ask_what_is_left", code=data["code"])
        else:
            _ask_rating(scene)

    def take(self, scene: Scene) -> bool:
        """Which one, how it is, and what is left."""
        if "code" in scene.frame.data and is_gone(scene):
            return True
        if scene.frame.step == "what":
            return self._take_rest(scene)
        if "code" in scene.frame.data:
            rating = _tapped(scene.said) or _said(scene)
            return rating is not None and self._rate(scene, rating)
        found = find_code(scene.turn.payload or scene.turn.text)
        chosen = [m for m in _answered(scene) if found and m.code == found[0]]
        if not chosen:
            return False
        self._choose(scene, chosen[0], None)
        return True

    def _nothing_answered(self, scene: Scene) -> None:
        """Praise is thanked for; whoever finds that nothing was done adds to what is
        still in hand."""
        reading = scene.turn.reading
        if reading and reading.intent.name == "reopen_petition":
            AddFlow().open(scene)
        else:
            scene.say("utter_rate_reply")

    def _choose(self, scene: Scene, matter: Matter, rating: Rating | None) -> None:
        scene.frame.data = {
            "id": matter.petition_id,
            "code": matter.code,
            "may_reopen": matter.may_reopen,
        }
        if rating is None:
            _ask_rating(scene)
        else:
            self._rate(scene, rating)

    def _rate(self, scene: Scene, rating: Rating) -> bool:
        data = scene.frame.data
        if rating is Rating.DONE:
            scene.pop()
            scene.do(Rate(data["id"], rating))
            scene.say("utter_rated_done", code=data["code"])
        elif not data["may_reopen"]:
            scene.pop()
            scene.say("utter_reopened_too_often", code=data["code"])
        else:
            scene.frame.step, data["rating"] = "what", rating.value
            scene.say("utter_ask_what_is_left", code=data["code"])
        return True

    def _take_rest(self, scene: Scene) -> bool:
        turn = scene.turn
        silent = scene.denied() or scene.said == "skip"
        if not (silent or turn.text or turn.media):
            return False
        ended = scene.pop()
        scene.do(
            Rate(
                ended.data["id"],
                Rating(ended.data["rating"]),
                "" if silent else turn.text,
                tuple(picture.id for picture in turn.media),
            )
        )
        scene.say("utter_reopened", code=ended.data["code"])
        return True

    def _ask_which(self, scene: Scene, matters: list[Matter]) -> None:
        lines = "\n".join(f"• {m.code}: {m.summary}" for m in matters)
        buttons = [(m.code, m.code) for m in matters]
        scene.offer("utter_ask_which_matter", buttons, lines=lines)


def is_not_done(scene: Scene) -> bool:
    """Whether somebody who had a reply tells in words, perhaps with a picture, that it
    is not done."""
    turn, reading = scene.turn, scene.turn.reading
    return (
        reading is not None
        and turn.words >= _WORDS
        and reading.says("reopen_petition", at_least=_SURE)
        and bool(_answered(scene))
    )


def _answered(scene: Scene) -> list[Matter]:
    stages = (Stage.ANSWERED, Stage.DONE)
    return [m for m in scene.facts.matters() if m.status in stages and m.answer][:5]


def _ask_rating(scene: Scene) -> None:
    scene.say("utter_ask_rating", code=scene.frame.data["code"])


def _tapped(payload: str | None) -> Rating | None:
    name = (payload or "").split("/")[0].removeprefix(_PREFIX)
    return Rating(name) if name in set(Rating) else None


def _said(scene: Scene) -> Rating | None:
    if scene.affirmed():
        return Rating.DONE
    return Rating.NOT_DONE if scene.denied() else None
