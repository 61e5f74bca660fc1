"""Changes to what was filed: add to it, withdraw it, give a seat back."""

from bot.conversation.effects import AddTo, CancelSlip, Withdraw
from bot.conversation.scene import Scene
from bot.conversation.turn import Matter
from bot.petitions.code import find_code


def _chosen(scene: Scene, matters: list[Matter]) -> Matter | None:
    """The matter that a code in the turn names, or the only one there is."""
    found = find_code(scene.turn.named)
    if found:
        return next((m for m in matters if m.code == found[0]), None)
    return matters[0] if len(matters) == 1 else None


def _open_matters(scene: Scene) -> list[Matter]:
    return [m for m in scene.facts.matters() if m.status != "withdrawn"][:5]


def _ask_which(scene: Scene, matters: list[Matter]) -> None:
    lines = "\n".join(f"• {m.code}: {m.summary}" for m in matters)
    scene.offer(
        "utter_ask_which_matter", [(m.code, m.code) for m in matters], lines=lines
    )


def is_gone(scene: Scene) -> bool:
    """Ends the flow when its matter is no longer this person's here: the chats were
    parted meanwhile, or it went to another one."""
    code = scene.frame.data["code"]
    known = [m.code for m in scene.facts.matters()]
    if code in known or code in [slip.code for slip in scene.facts.slips()]:
        return False
    scene.pop()
    scene.say("utter_matter_gone", code=code)
    return True


class WithdrawFlow:
    """Withdraw an own petition, after one question."""

    name = "withdraw"

    def open(self, scene: Scene) -> None:
        """Which one, then whether it is meant."""
        matters = _open_matters(scene)
        if not matters:
            scene.say("utter_no_matters")
            return
        scene.push(self.name)
        self._choose(scene, matters)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        if code := scene.frame.data.get("code"):
            scene.say("utter_ask_withdraw", code=code)
        else:
            _ask_which(scene, _open_matters(scene))

    def take(self, scene: Scene) -> bool:
        """A code, or yes or no."""
        if "code" not in scene.frame.data:
            return self._choose(scene, _open_matters(scene))
        if is_gone(scene):
            return True
        if scene.denied():
            scene.pop()
            scene.say("utter_not_withdrawn")
            return True
        if not scene.affirmed():
            return False
        ended = scene.pop()
        scene.do(Withdraw(ended.data["id"]))
        scene.say("utter_withdrawn", code=ended.data["code"])
        return True

    def _choose(self, scene: Scene, matters: list[Matter]) -> bool:
        matter = _chosen(scene, matters)
        if matter is None:
            _ask_which(scene, matters)
            return True
        scene.frame.data = {"id": matter.petition_id, "code": matter.code}
        scene.say("utter_ask_withdraw", code=matter.code)
        return True


class AddFlow:
    """Add words or files to an own petition."""

    name = "add"

    def open(self, scene: Scene) -> None:
        """Which one, then what."""
        matters = self._matters(scene)
        if not matters:
            scene.say("utter_no_matters")
            return
        scene.push(self.name)
        self._choose(scene, matters)

    def _matters(self, scene: Scene) -> list[Matter]:
        return [m for m in scene.facts.matters() if m.may_add][:5]

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        if code := scene.frame.data.get("code"):
            scene.say("utter_ask_addition", code=code)
        else:
            _ask_which(scene, self._matters(scene))

    def take(self, scene: Scene) -> bool:
        """The addition, until the person has nothing more."""
        if "code" not in scene.frame.data:
            return self._choose(scene, self._matters(scene))
        if is_gone(scene):
            return True
        if scene.denied() or scene.said == "skip":
            scene.pop()
            scene.say("utter_nothing_added")
            return True
        turn = scene.turn
        if not (turn.text or turn.media):
            return False
        ended = scene.pop()
        media = tuple(picture.id for picture in turn.media)
        scene.do(AddTo(ended.data["id"], turn.text, media))
        scene.say("utter_added", code=ended.data["code"])
        return True

    def _choose(self, scene: Scene, matters: list[Matter]) -> bool:
        matter = _chosen(scene, matters)
        if matter is None:
            _ask_which(scene, matters)
            return True
        scene.frame.data = {"id": matter.petition_id, "code": matter.code}
        scene.say("utter_ask_addition", code=matter.code)
        return True


class CancelSlipFlow:
    """Give the seat at a conference back; the petition stays."""

    name = "cancel_slip"

    def open(self, scene: Scene) -> None:
        """Ask whether it is meant."""
        slips = scene.facts.slips()
        if not slips:
            scene.say("utter_no_registration")
            return
        slip = slips[0]
        scene.push(
            self.name,
            id=slip.registration_id,
            code=slip.code,
            petition_code=slip.petition_code,
        )
        self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        scene.say("utter_ask_cancel_registration", code=scene.frame.data["code"])

    def take(self, scene: Scene) -> bool:
        """Yes or no."""
        if is_gone(scene):
            return True
        if scene.denied():
            scene.pop()
            scene.say("utter_registration_kept")
            return True
        if not scene.affirmed():
            return False
        ended = scene.pop()
        scene.do(CancelSlip(ended.data["id"]))
        scene.say(
            "utter_registration_given_back",
            code=ended.data["code"],
            petition_code=ended.data["petition_code"],
        )
        return True
