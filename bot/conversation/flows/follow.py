"""My matters: without a code on one's own account, by code and a second factor from
elsewhere. From elsewhere only stage and dates are shown, never the story."""

import re

from bot.conversation.effects import LookedUp, LookUp, Outcome
from bot.conversation.scene import Scene
from bot.conversation.turn import Matter, Slip
from bot.petitions.code import find_code

_SECRET = re.compile(r"(?<!\d)(\d{3}|\d{6})(?!\d)")
_SHOWN = 5


class FollowFlow:
    """Lists, shows one, or asks for the second factor."""

    name = "follow"

    def open(self, scene: Scene) -> None:
        """A code in the message, else everything of this account."""
        if found := find_code(scene.turn.named):
            self._by_code(scene, *found)
            return
        matters, slips = scene.facts.matters(), scene.facts.slips()
        if not matters and not slips:
            scene.say("utter_no_matters")
        elif len(matters) == 1 and not slips:
            show_matter(scene, matters[0])
        else:
            self._list(scene, list(matters[:_SHOWN]), list(slips[:_SHOWN]))

    def prompt(self, scene: Scene) -> None:
        """Ask again for the second factor."""
        scene.say("utter_ask_second_factor")

    def take(self, scene: Scene) -> bool:
        """The second factor of the code that was asked for."""
        if scene.said in ("new_phone", "talk_to_person"):
            scene.pop()
            scene.say("utter_new_phone")
            return True
        if found := find_code(scene.turn.payload or scene.turn.text):
            scene.pop()
            self._by_code(scene, *found)
            return True
        secret = _SECRET.search(scene.turn.text)
        if not secret:
            return False
        scene.do(LookUp(scene.frame.data["code"], secret[1]))
        return True

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """Stage and dates, or only that it cannot be shown."""
        if not isinstance(outcome, LookedUp):
            return
        if not outcome.found:
            if outcome.locked:
                scene.pop()
            scene.say("utter_code_locked" if outcome.locked else "utter_code_refused")
            return
        scene.pop()
        scene.say(
            "utter_matter_elsewhere",
            code=outcome.code,
            status=outcome.status,
            unit=scene.facts.profile.unit(outcome.unit_id).name,
            due=outcome.intake_due,
            basis=outcome.intake_basis,
        )

    def _by_code(self, scene: Scene, code: str, fits: bool) -> None:
        for matter in scene.facts.matters():
            if matter.code == code:
                show_matter(scene, matter)
                return
        for slip in scene.facts.slips():
            if slip.code == code:
                show_slip(scene, slip)
                return
        if not fits:
            scene.say("utter_code_mistyped")
            return
        scene.push(self.name, code=code)
        scene.say("utter_ask_second_factor")

    def _list(self, scene: Scene, matters: list[Matter], slips: list[Slip]) -> None:
        texts = scene.book.texts
        lines = [
            f"• {m.code}: {m.summary} ({texts.render('utter_status', _status(m)).text})"
            for m in matters
        ]
        lines += [
            f"• {texts.render('utter_slip_line', _slip(slip)).text}" for slip in slips
        ]
        own = texts.render("utter_my_matters", {}).buttons
        codes = [(m.code, m.code) for m in matters][: _SHOWN - len(own)]
        scene.offer("utter_my_matters", [*codes, *own], lines="\n".join(lines))


def show_matter(scene: Scene, matter: Matter) -> None:
    """One own petition: what, where, by when."""
    scene.show(
        "utter_matter",
        matter.enclosed,
        code=matter.code,
        summary=matter.summary,
        status=matter.status,
        unit=scene.facts.profile.unit(matter.unit_id).name,
        due=matter.intake_due,
        basis=matter.intake_basis,
        reply_due=matter.reply_due,
        reply_basis=matter.reply_basis,
        promised=matter.promised_on,
        answer=matter.answer,
        conference_at=matter.conference_at,
    )


def show_slip(scene: Scene, slip: Slip) -> None:
    """One own registration."""
    scene.say("utter_slip", **_slip(slip))


def _status(matter: Matter) -> dict[str, object]:
    return {"status": matter.status}


def _slip(slip: Slip) -> dict[str, object]:
    return {
        "code": slip.code,
        "starts_at": slip.starts_at,
        "dated": slip.starts_at is not None,
        "position": slip.position,
        "petition_code": slip.petition_code,
        "status": slip.status,
        "until": slip.offer_until,
    }
