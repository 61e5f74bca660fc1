"""Questions, answered from the profile; also in the middle of a form."""

from collections.abc import Sequence
from dataclasses import asdict

from bot.conversation.flows.sealed import doors
from bot.conversation.scene import Scene
from bot.conversation.turn import ConferenceInfo
from bot.deadlines.calendar import Why
from bot.petitions.life import Stage

QUESTIONS = frozenset(
    {
        "ask_content",
        "ask_how_to_denounce",
        "ask_how_to_register",
        "ask_how_to_submit",
        "ask_invitation",
        "ask_location",
        "ask_participants",
        "ask_privacy",
        "ask_procedure",
        "ask_reception",
        "ask_reply_deadline",
        "ask_schedule",
        "ask_unit",
        "ask_why_this_date",
    }
)
_CONFERENCE = frozenset(
    {"ask_content", "ask_location", "ask_participants", "ask_schedule"}
)
_DENOUNCE = "ask_how_to_denounce"
_WAYS = frozenset(
    {"ask_how_to_submit", "ask_privacy", "ask_procedure", "ask_reception", "ask_unit"}
)
"""Asked of a denunciation they have another answer."""
_SURE_OF_FIELD = 0.35


class QuestionsFlow:
    """One answer a question."""

    name = "questions"

    def open(self, scene: Scene) -> None:
        """Answer what was asked."""
        said = scene.said
        reading = scene.turn.reading
        asked = said if said in QUESTIONS else (reading.intent.name if reading else "")
        if asked in _WAYS and scene.book.phrases.keyword(scene.turn.text) == _DENOUNCE:
            asked = _DENOUNCE
        if asked in _CONFERENCE:
            self._conference(scene, asked)
        elif asked == "ask_reply_deadline":
            self._deadlines(scene)
        elif asked == "ask_why_this_date":
            self._why(scene)
        elif asked == "ask_invitation":
            self._invitation(scene)
        elif asked == "ask_unit":
            self._unit(scene)
        elif asked == _DENOUNCE:
            scene.say(f"utter_{asked}", **doors(scene))
        else:
            profile = scene.facts.profile
            scene.say(
                f"utter_{asked}",
                place=profile.reception.place,
                hours=profile.reception.hours,
                chair_days=profile.reception.chair_days,
                reception_phone=profile.reception.phone,
                one_stop=profile.unit_for("ho_tich_hanh_chinh").name,
            )

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""

    def _conference(self, scene: Scene, asked: str) -> None:
        conferences = scene.facts.conferences()
        if not conferences:
            scene.say("utter_no_conference")
            return
        scene.say(f"utter_{asked}", **about(scene, _spoken_of(scene, conferences)))

    def _invitation(self, scene: Scene) -> None:
        conferences = scene.facts.conferences()
        if not conferences:
            scene.say("utter_no_conference")
            return
        spoken_of = _spoken_of(scene, conferences)
        programme = scene.facts.profile.programme(spoken_of.programme_id)
        invitation = programme.conference_plan(spoken_of.plan_id).invitation
        seats = [s.code for s in scene.facts.slips() if s.status == "confirmed"]
        scene.say(
            "utter_ask_invitation",
            code=seats[0] if seats else None,
            invitation=invitation,
            silent=None if invitation else programme.issuer,
        )

    def _deadlines(self, scene: Scene) -> None:
        profile = scene.facts.profile
        on = scene.facts.now.date()
        intake, reply = (
            profile.rule("intake_result", on),
            profile.rule("written_reply", on),
        )
        programme = profile.programmes[0]
        scene.say(
            "utter_ask_reply_deadline",
            issuer=programme.issuer,
            secretariat=profile.unit(programme.secretariat).name,
            intake_days=intake.n if intake else None,
            intake_basis=intake.basis if intake else None,
            reply_days=reply.n if reply else None,
            reply_basis=reply.basis if reply else None,
            none=None if intake or reply else True,
            unwritten=None if reply else True,
        )

    def _why(self, scene: Scene) -> None:
        dated = [m for m in scene.facts.matters() if m.intake_due]
        if not dated:
            self._deadlines(scene)
            return
        matter = dated[0]
        if matter.reply_clock and matter.status != Stage.RECEIVED:
            scene.say("utter_why_this_reply_date", **asdict(matter.reply_clock))
            return
        counted = [step for step in matter.steps if step.get("counted")]
        days_off = [
            step
            for step in matter.steps
            if not step.get("counted") and step.get("why") != Why.START
        ]
        scene.say(
            "utter_ask_why_this_date",
            received_at=matter.received_at.date(),
            days=len(counted),
            skipped=len(days_off) or None,
            due=matter.intake_due,
            basis=matter.intake_basis,
        )

    def _unit(self, scene: Scene) -> None:
        reading, profile = scene.turn.reading, scene.facts.profile
        if reading is None or reading.field.confidence < _SURE_OF_FIELD:
            scene.say("utter_ask_unit_unknown")
            return
        unit = profile.unit_for(reading.field.name, None)
        label = scene.book.field_labels[reading.field.name]
        scene.say("utter_ask_unit", field=label, unit=unit.name, phone=unit.phone)


def _spoken_of(scene: Scene, conferences: Sequence[ConferenceInfo]) -> ConferenceInfo:
    """The one for which somebody registers just now, or did; else the nearest."""
    held = [frame.data.get("conference") for frame in reversed(scene.state.frames)]
    known = [about["id"] for about in held if isinstance(about, dict)]
    known += [slip.conference_id for slip in scene.facts.slips()]
    found = (c for id_ in known for c in conferences if c.id == id_)
    return next(found, conferences[0])


def about(scene: Scene, conference: ConferenceInfo) -> dict[str, object]:
    """What residents ask about a conference."""
    programme = scene.facts.profile.programme(conference.programme_id)
    plan = programme.conference_plan(conference.plan_id)
    return {
        "title": programme.title_of(plan),
        "chair": programme.chair,
        "starts_at": conference.starts_at,
        "dated": conference.starts_at is not None,
        "planned": plan.planned,
        "place": conference.place or plan.place,
        "placed": (conference.place or plan.place) is not None,
        "topic": plan.topic,
        "participants": plan.participants,
        "how": plan.how_to_attend,
    }
