"""Guide a complaint (khieu nai): it has its own procedure, and this is not it.

Law on Complaints 02/2011/QH13: 90 days to file (art. 9), an oral complaint is written
down by the officer and signed or finger-printed (art. 8), 5 to 10 persons send at most
two representatives (Decree 124/2020, art. 6). The story is never filed as a petition.
"""

import re
from datetime import date, timedelta

from bot.clock import today
from bot.conversation.effects import Guided
from bot.conversation.flows.petition import PetitionFlow
from bot.conversation.scene import Scene
from bot.conversation.turn import Turn
from bot.petitions.model import Kind

_DAYS_TO_FILE = 90
_DATE = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?(?!\d)")
_TOPICS = ("representatives", "forms", "legal_aid", "appointment", "court")
_MIN_WORDS = 5
_SURE = 0.6


class ComplaintFlow:
    """Says what a complaint needs; takes the petition inside it, if there is one."""

    name = "complaint"

    def open(self, scene: Scene) -> None:
        """What it is called, that this is no complaint yet, and the days that run."""
        scene.push(self.name)
        scene.do(Guided("khieu_nai"))
        scene.introduce()
        scene.say("utter_complaint_intro")

    def prompt(self, scene: Scene) -> None:
        """Offer again what can be explained."""
        scene.say("utter_complaint_more")

    def cancel(self, scene: Scene) -> None:
        """End; the days still run."""
        scene.pop()
        scene.say("utter_complaint_end")

    def take(self, scene: Scene) -> bool:
        """A date, a topic, a petition hidden in the anger, or more of the anger."""
        if decided := _read_date(scene.turn):
            self._say_last_day(scene, decided)
            return True
        topic = scene.said if scene.said in _TOPICS else self._topic(scene)
        if topic:
            self._explain(scene, topic)
        elif petition := self._petition_inside(scene):
            scene.turn = petition
            scene.pop()
            flow = PetitionFlow()
            flow.open_with(scene, hide_name=False, after="utter_complaint_end")
        elif scene.said in ("not_received", "forgot", "skip"):
            scene.say("utter_complaint_no_date")
        elif scene.said in ("thanks", "goodbye"):
            self.cancel(scene)
        else:
            scene.say("utter_complaint_more")
        return True

    def _say_last_day(self, scene: Scene, decided: date) -> None:
        last = decided + timedelta(days=_DAYS_TO_FILE)
        late = last < today(scene.turn.now)
        scene.say("utter_complaint_last_day", decided=decided, last_day=last, late=late)

    def _topic(self, scene: Scene) -> str | None:
        return scene.book.phrases.topic(scene.turn.text)

    def _explain(self, scene: Scene, topic: str) -> None:
        profile = scene.facts.profile
        aid = profile.legal_aid
        scene.say(
            f"utter_complaint_{topic}",
            place=profile.reception.place,
            hours=profile.reception.hours,
            chair_days=profile.reception.chair_days,
            aid=aid.name if aid else None,
            aid_phone=aid.phone if aid else None,
        )

    def _petition_inside(self, scene: Scene) -> Turn | None:
        reading = scene.turn.reading
        if reading is None:
            return None
        for clause in reading.clauses:
            if (
                clause.kind in (Kind.KIEN_NGHI, Kind.PHAN_ANH)
                and clause.kind_confidence >= _SURE
                and clause.intent == "submit_petition"
                and len(clause.text.split()) >= _MIN_WORDS
            ):
                single = reading.model_copy(update={"clauses": (clause,)})
                return Turn(now=scene.turn.now, text=clause.text, reading=single)
        return None


def _read_date(turn: Turn) -> date | None:
    found = _DATE.search(turn.text)
    if not found:
        return None
    day, month, year = found.groups()
    now = today(turn.now)
    full = int(year) + (2000 if len(year) == 2 else 0) if year else now.year
    try:
        named = date(full, int(month), int(day))
    except ValueError:
        return None
    return named.replace(year=full - 1) if not year and named > now else named
