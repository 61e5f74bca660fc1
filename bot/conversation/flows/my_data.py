"""My data: what is kept, and the request to delete it."""

from bot.conversation.effects import RequestData
from bot.conversation.scene import Scene


class MyDataFlow:
    """Says what is kept of this account; a person sends the rest."""

    name = "my_data"

    def open(self, scene: Scene) -> None:
        """Counts and codes; the words themselves were sent here and are here."""
        matters, slips = scene.facts.matters(), scene.facts.slips()
        codes = [m.code for m in matters] + [s.code for s in slips]
        scene.say("utter_my_data", codes=", ".join(codes) or None, empty=not codes)
        if scene.facts.is_subscribed():
            scene.say("utter_my_data_subscribed")

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""


class EraseFlow:
    """Ask once, then record the request; a person answers what may go."""

    name = "erase"

    def open(self, scene: Scene) -> None:
        """Whether it is meant."""
        scene.push(self.name)
        self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again."""
        scene.say("utter_ask_erase")

    def take(self, scene: Scene) -> bool:
        """Yes or no."""
        if scene.denied():
            scene.pop()
            scene.say("utter_not_erased")
            return True
        if not scene.affirmed():
            return False
        scene.state.frames.clear()
        scene.do(RequestData(erase=True))
        due, basis = scene.facts.data_due() or (None, None)
        scene.say("utter_erase_requested", at=scene.turn.now, due=due, basis=basis)
        return True
