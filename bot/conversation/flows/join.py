"""A household joins somebody's matter by its code, and is told of the reply."""

from bot.conversation.effects import Join, Joined, Outcome
from bot.conversation.scene import Scene
from bot.petitions.code import find_code

JOIN, LEAVE = "join", "leave"


class JoinFlow:
    """One message; nothing of the matter is shown."""

    name = "join"

    def open(self, scene: Scene) -> None:
        """``THAM GIA`` or ``THÔI THAM GIA`` and the code."""
        found = find_code(scene.turn.text)
        if found is None or not found[1]:
            scene.say("utter_code_mistyped")
            return
        leaves = scene.said == LEAVE
        scene.push(self.name, leaves=leaves)
        scene.do(Join(found[0], leaves))

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """Joined, left, or that it could not be done."""
        if not isinstance(outcome, Joined):
            return
        leaves = scene.pop().data["leaves"]
        said = "utter_left" if leaves else "utter_joined"
        scene.say(said if outcome.found else "utter_join_refused", code=outcome.code)

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""
