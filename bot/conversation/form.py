"""Runs any form of ``domain.yml``: fill, ask, read back, correct, confirm.

A flow that uses it adds what a domain file cannot say: how the form begins and what
happens on *confirm*.
"""

import re

from bot.conversation.domain import Mapping, MappingType
from bot.conversation.scene import Scene
from bot.conversation.state import Answer, Heard
from bot.conversation.validators import (
    Accepted,
    Doubt,
    Rejected,
    Verdict,
    find_validator,
)
from nlu.text import fold

SKIP = "skip"
_LINE = re.compile(r"\s*(?:dong|so|cau)?\s*(\d{1,2})(?!\d)\s*[.:)\-,]*\s*")
"""The number of a line, in a folded text; what follows replaces it."""


class FormFlow:
    """Base of the flows that fill a form. ``noun`` names its texts."""

    name: str
    form: str
    noun: str

    # -- what a flow adds ---------------------------------------------------------

    def confirmed(self, scene: Scene) -> None:
        """The resident said yes to the read-back."""
        raise NotImplementedError

    def skippable(self, slot: str) -> bool:
        """Whether a question may go unanswered."""
        return False

    def offered(self, scene: Scene, slot: str) -> Answer | None:
        """An answer from something else than words: a file, a shared contact."""
        return None

    def lines(self, scene: Scene) -> list[tuple[str, str, str]]:
        """The read-back: (slot, label, shown) of every line, in order."""
        return [
            (slot, scene.book.texts.label(self._ask(scene, slot)), shown)
            for slot in self.slots(scene)
            if (shown := self.shown(scene, slot))
        ]

    def shown(self, scene: Scene, slot: str) -> str:
        """How a filled slot is read back; nothing for a skipped one."""
        answer = scene.frame.slots.get(slot)
        return answer.shown if answer else ""

    def value(self, scene: Scene, slot: str) -> object:
        """What fills the slot of a line."""
        return scene.frame.value(slot)

    # -- the running form ---------------------------------------------------------

    def slots(self, scene: Scene) -> tuple[str, ...]:
        """The slots of the form, in the order of ``domain.yml``."""
        return scene.book.domain.forms[self.form].required_slots

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        frame = scene.frame
        if frame.step == "confirm":
            self.read_back(scene)
        elif frame.step == "which_line":
            self._ask_which_line(scene)
        elif frame.asking:
            scene.say(self._ask(scene, frame.asking), **self.values(scene))
        else:
            self.go_on(scene)

    def values(self, scene: Scene) -> dict[str, object]:
        """Values that the questions of this form may use."""
        return {slot: self.shown(scene, slot) for slot in scene.frame.slots}

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        frame, turn = scene.frame, scene.turn
        if turn.continuation:
            self.continues(scene)
            if not (turn.text or turn.payload or turn.media or turn.phone):
                scene.say("utter_more_noted")
                self.prompt(scene)
                return True
        if frame.step == "confirm":
            return self._at_confirm(scene)
        if frame.step == "which_line":
            return self._choose_line(scene)
        if "doubt" in frame.data:
            return self._settle_doubt(scene)
        return self._collect(scene)

    def resume(self, scene: Scene) -> None:
        """Say what is there already, and ask on."""
        heard = [shown for _, _, shown in self.lines(scene)]
        if heard and scene.frame.step == "collect":
            scene.say("utter_resumed", noted=", ".join(heard))
        self.prompt(scene)

    def back(self, scene: Scene) -> None:
        """Go back to the question before this one."""
        frame = scene.frame
        frame.data.pop("doubt", None)
        frame.step = "collect"
        if frame.answered:
            previous = frame.answered[-1]
            frame.clear(previous)
            frame.asking = previous
            scene.say(self._ask(scene, previous), **self.values(scene))
            return
        self.prompt(scene)

    def correct(self, scene: Scene) -> None:
        """Show the lines so far and ask which one is wrong."""
        if not self.lines(scene):
            self.prompt(scene)
            return
        scene.frame.data.pop("doubt", None)
        scene.frame.step = "which_line"
        self._ask_which_line(scene)

    def changed(self, scene: Scene, heard: Heard, words: str) -> bool:
        """Words that filled slots were changed afterwards: fill them anew. False when
        there is nothing to be done about it."""
        frame = scene.frame
        slots = heard.slots
        slot = heard.asking if heard.asking in slots else next(iter(slots), None)
        if slot is None:
            return False
        for other in slots:
            if other != slot:
                frame.clear(other)
        verdict = self.correction(scene, slot, words)
        if verdict is None:
            return False
        frame.data.pop("doubt", None)
        if isinstance(verdict, Accepted):
            self.accept(scene, slot, verdict)
            scene.say("utter_edit_taken", noted=self.noted(scene, slot) or None)
        else:
            frame.clear(slot)
            frame.step = "collect"
            if isinstance(verdict, Doubt):
                self._raise_doubt(scene, slot, verdict)
            else:
                scene.say(verdict.response, **verdict.values)
        if frame.step == "collect":
            frame.asking = None
        return True

    def go_on(self, scene: Scene) -> None:
        """Ask for the next empty slot, or read everything back."""
        frame = scene.frame
        missing = next((s for s in self.slots(scene) if s not in frame.slots), None)
        if missing is None:
            frame.asking = None
            frame.step = "confirm"
            self.read_back(scene)
            return
        frame.step = "collect"
        frame.asking = missing
        scene.say(self._ask(scene, missing), **self.values(scene))

    def read_back(self, scene: Scene) -> None:
        """Show what will be filed, a numbered line each."""
        lines = self._numbered(scene)
        scene.say(f"utter_confirm_{self.noun}", lines=lines, **self.values(scene))

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Fill the slot and what came with it; returns what was filled."""
        filled = []
        for name, answer in {slot: verdict.answer, **verdict.also}.items():
            if name == slot or name not in scene.frame.slots:
                scene.frame.fill(name, answer)
                filled.append(name)
        return filled

    # -- steps --------------------------------------------------------------------

    def _collect(self, scene: Scene) -> bool:
        frame, asking = scene.frame, scene.frame.asking
        filled: list[str] = []
        verdict: Verdict = None
        for slot in self.slots(scene):
            if slot in frame.slots:
                continue
            if answer := self.offered(scene, slot):
                frame.fill(slot, answer)
                filled.append(slot)
        if asking and asking not in frame.slots:
            if self.skippable(asking) and scene.said in (SKIP, "deny"):
                frame.fill(asking, Answer())
                self.go_on(scene)
                return True
            verdict = self._extract(scene, asking)
            if isinstance(verdict, Rejected):
                scene.say(verdict.response, **verdict.values)
                return True
            if isinstance(verdict, Doubt):
                self._raise_doubt(scene, asking, verdict)
                return True
            if isinstance(verdict, Accepted):
                filled += self.accept(scene, asking, verdict)
        if not filled:
            return False
        self._note(scene, filled)
        if isinstance(verdict, Accepted) and verdict.but:
            frame.asking, problem = verdict.but
            scene.say(problem.response, **problem.values)
        else:
            self.go_on(scene)
        return True

    def _extract(self, scene: Scene, slot: str) -> Verdict:
        for mapping in scene.book.domain.slots[slot].mappings:
            if not mapping.applies(self.form, slot, scene.frame.asking):
                continue
            if verdict := self._map(scene, slot, mapping):
                return verdict
        return None

    def _map(self, scene: Scene, slot: str, mapping: Mapping) -> Verdict:
        turn = scene.turn
        if mapping.type is MappingType.FROM_INTENT:
            if scene.said == mapping.intent:
                answer = Answer(value=mapping.value, shown=self._show(scene, mapping))
                return Accepted(answer)
            return None
        if mapping.type is MappingType.FROM_TEXT and turn.text and not turn.payload:
            return find_validator(slot)(turn.text, scene)
        if mapping.type is MappingType.FROM_ENTITY and turn.phone:
            return find_validator(slot)(turn.phone, scene)
        return None

    def _show(self, scene: Scene, mapping: Mapping) -> str:
        return scene.book.texts.render(f"utter_shown_{mapping.intent}", {}).text

    def _raise_doubt(self, scene: Scene, slot: str, doubt: Doubt) -> None:
        scene.frame.data["doubt"] = {"slot": slot, "answer": doubt.answer.model_dump()}
        scene.say(doubt.response, **doubt.values)

    def _settle_doubt(self, scene: Scene) -> bool:
        doubt = scene.frame.data.pop("doubt")
        slot = doubt["slot"]
        if scene.affirmed():
            scene.frame.fill(slot, Answer.model_validate(doubt["answer"]))
            self.go_on(scene)
            return True
        if scene.denied() or scene.said == "retype":
            scene.frame.clear(slot)
            scene.frame.asking = slot
            scene.say(self._ask(scene, slot), **self.values(scene))
            return True
        scene.frame.asking = slot
        return self._collect(scene)

    def continues(self, scene: Scene) -> None:
        """Words written before our question arrived belong to the answer before it."""
        frame = scene.frame
        slot = frame.answered[-1] if frame.answered else None
        if slot is None or not isinstance(frame.value(slot), str):
            return
        text = f"{frame.value(slot)}\n{scene.turn.continuation}"
        verdict = find_validator(slot)(text, scene)
        if isinstance(verdict, Accepted):
            self.accept(scene, slot, verdict)

    def _at_confirm(self, scene: Scene) -> bool:
        if scene.affirmed() or scene.said == "send":
            self.confirmed(scene)
            return True
        if scene.denied():
            self.correct(scene)
            return True
        return self._choose_line(scene)

    def _choose_line(self, scene: Scene) -> bool:
        text = scene.turn.text
        found = _LINE.match(fold(text))
        lines = self.lines(scene)
        if not found or not 1 <= int(found[1]) <= len(lines):
            return self._volunteered(scene)
        slot, _, shown = lines[int(found[1]) - 1]
        words = self._instead(scene, text[found.end() :].strip(), slot)
        if not words:
            return self._ask_line_again(scene, slot)
        verdict = self.correction(scene, slot, words)
        if isinstance(verdict, Rejected):
            scene.say(verdict.response, **verdict.values)
            return self._ask_line_again(scene, slot)
        if isinstance(verdict, Doubt):
            self._raise_doubt(scene, slot, verdict)
            scene.frame.step = "collect"
            return True
        if isinstance(verdict, Accepted):
            self.accept(scene, slot, verdict)
        scene.frame.step = "confirm"
        self._show_corrected(scene, slot, found[1], shown)
        return True

    def _show_corrected(self, scene: Scene, slot: str, number: str, was: str) -> None:
        line = next((s for name, _, s in self.lines(scene) if name == slot), was)
        scene.say("utter_line_corrected", number=number, line=line, noun=self.noun)

    def correction(self, scene: Scene, slot: str, words: str) -> Verdict:
        """Check what replaces a line."""
        if scene.book.domain.slots[slot].type == "bool":
            command = scene.book.phrases.command(words)
            for mapping in scene.book.domain.slots[slot].mappings:
                if (
                    mapping.type is MappingType.FROM_INTENT
                    and mapping.intent == command
                ):
                    shown = self._show(scene, mapping)
                    return Accepted(Answer(value=mapping.value, shown=shown))
        return find_validator(slot)(words, scene)

    def _ask_line_again(self, scene: Scene, slot: str) -> bool:
        frame = scene.frame
        frame.step = "collect"
        frame.asking = slot
        frame.clear(slot)
        scene.say(self._ask(scene, slot), **self.values(scene))
        return True

    def _volunteered(self, scene: Scene) -> bool:
        """At the read-back: a file or a contact that was not there before."""
        for slot in self.slots(scene):
            if answer := self.offered(scene, slot):
                scene.frame.fill(slot, answer)
                scene.frame.step = "collect"
                self.go_on(scene)
                return True
        return False

    def _instead(self, scene: Scene, words: str, slot: str) -> str:
        """ "2 X and not Y": put X where Y stood in the old line."""
        folded = fold(words)
        found = scene.book.phrases.instead_of.search(folded)
        if not found or len(folded) != len(words):
            return words
        new, wrong = words[: found.start()].strip(), folded[found.end() :].strip()
        old = self.value(scene, slot)
        if isinstance(old, str) and wrong and (at := fold(old).find(wrong)) >= 0:
            return f"{old[:at]}{new}{old[at + len(wrong) :]}"
        return new

    def _ask_which_line(self, scene: Scene) -> None:
        scene.say("utter_which_line", lines=self._numbered(scene))

    def _numbered(self, scene: Scene) -> str:
        return "\n".join(
            f"{number}. {label}: {_after(label, shown)}"
            for number, (_, label, shown) in enumerate(self.lines(scene), 1)
        )

    def _note(self, scene: Scene, filled: list[str]) -> None:
        heard = [s for slot in filled if (s := self.noted(scene, slot))]
        if heard:
            scene.say("utter_noted", noted=", ".join(heard))

    def noted(self, scene: Scene, slot: str) -> str:
        """What to repeat of an answer before the next question."""
        is_yes_or_no = scene.book.domain.slots[slot].type == "bool"
        return "" if is_yes_or_no else self.shown(scene, slot)

    def _ask(self, scene: Scene, slot: str) -> str:
        own = f"utter_ask_{self.form}_{slot}"
        return own if own in scene.book.texts else f"utter_ask_{slot}"


def _after(label: str, shown: str) -> str:
    """An answer that begins with its own label does not say it twice: "Từ: từ tết"."""
    twice = fold(shown).startswith(f"{fold(label)} ")
    return shown[len(label) + 1 :] if twice else shown
