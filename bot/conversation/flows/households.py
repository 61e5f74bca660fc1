"""A hamlet head files for households: for how many, whether they agreed, and who they
are only if they did."""

import re
from dataclasses import replace

from bot.channels.base import MediaKind
from bot.conversation.effects import (
    DropMedia,
    Outcome,
    PetitionDraft,
    PetitionsFiled,
    Purge,
)
from bot.conversation.flows import attached, receipt
from bot.conversation.flows.petition import PetitionFlow
from bot.conversation.flows.problems import find_problems, merge
from bot.conversation.phone import without_numbers
from bot.conversation.scene import Scene
from bot.conversation.state import Answer
from bot.conversation.turn import Picture
from bot.conversation.validators import Accepted, Rejected, Verdict
from bot.petitions.model import RaisedIn
from nlu.text import fold

FILE = "hamlet_file"
_CONTENT, _COUNT = "petition_content", "households"
_AGREED, _PEOPLE = "agreement", "people"
_ALL, _SOME, _NONE = "all", "some", "none"
_CHOSEN = {
    "agreed_all": _ALL,
    "affirm": _ALL,
    "agreed_some": _SOME,
    "agreed_not": _NONE,
    "deny": _NONE,
}
_SORTING = "which_photo"
_FILLING = ("collect", "confirm", "which_line")
_PAPERS = (MediaKind.PHOTO, MediaKind.DOCUMENT)
"""What may be a list of people."""
_PARTS = re.compile(r"[,;.\n]")


class HouseholdsFlow(PetitionFlow):
    """The flow of ``households_form``."""

    name = "households"
    form = "households_form"
    noun = "households"

    def is_for(self, scene: Scene) -> bool:
        """Hamlet heads alone."""
        return scene.facts.hamlet() is not None

    def open(self, scene: Scene) -> None:
        """Begin with what he told; a button or the bare words ask for the matter."""
        if not self.is_for(scene):
            scene.say("utter_hamlet_only")
            return
        scene.push(self.name, self.form)
        turn = scene.turn
        if not turn.payload and scene.book.phrases.command(turn.text) == FILE:
            scene.turn = replace(turn, text="", reading=None)
        self._keep_media(scene)
        if self._has_matter(scene.turn) and scene.turn.text:
            self._begin(scene)
        else:
            self._ask_for_matter(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if scene.frame.step == _SORTING:
            scene.say("utter_ask_which_photo")
        else:
            super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the head, as long as he is one."""
        if not self.is_for(scene):
            scene.pop()
            scene.do(Purge())
            scene.say("utter_hamlet_only")
            return True
        if scene.frame.step == _SORTING:
            return self._at_sorting(scene)
        if scene.frame.step in _FILLING and scene.turn.media:
            return self._take_files(scene)
        return super().take(scene)

    def _take_files(self, scene: Scene) -> bool:
        before = set(scene.frame.slots)
        self._keep_media(scene)
        if scene.turn.text and super().take(scene):
            return True
        self._note(scene, sorted(scene.frame.slots.keys() - before))
        self.go_on(scene)
        return True

    def go_on(self, scene: Scene) -> None:
        """First what a picture is: a list of people, or the place."""
        if scene.frame.data.get("unsorted"):
            scene.frame.step, scene.frame.asking = _SORTING, None
            scene.say("utter_ask_which_photo")
        else:
            super().go_on(scene)

    def skippable(self, slot: str) -> bool:
        """How many they are and whether they agreed must be said."""
        return slot not in (_CONTENT, _COUNT, _AGREED)

    def offered(self, scene: Scene, slot: str) -> Answer | None:
        """Pictures are kept as they come, and nobody's telephone is."""
        return super().offered(scene, slot) if slot == "place" else None

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Whether they agreed changes for how many he speaks, and what is kept."""
        frame = scene.frame
        if slot == _AGREED and verdict.answer.value == _SOME:
            frame.clear(_COUNT)
        filled = super().accept(scene, slot, verdict)
        frame.clear("contact")
        if slot == _AGREED:
            self._after_agreement(scene)
        return [name for name in filled if name != "contact"]

    def noted(self, scene: Scene, slot: str) -> str:
        """What is repeated of an answer."""
        if slot == _AGREED:
            return ""
        if slot == _COUNT:
            count = {"count": scene.frame.value(_COUNT)}
            return scene.book.texts.render("utter_count_households", count).text
        return super().noted(scene, slot)

    def confirmed(self, scene: Scene) -> None:
        """File it, unless a correction has left something to be asked."""
        if all(slot in scene.frame.slots for slot in self.slots(scene)):
            super().confirmed(scene)
        else:
            self.go_on(scene)

    def values(self, scene: Scene) -> dict[str, object]:
        """As whom he files."""
        return {**super().values(scene), "head": _head(scene)}

    def shown(self, scene: Scene, slot: str) -> str:
        """Nobody's telephone number is repeated."""
        return without_numbers(super().shown(scene, slot))

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """What was received, by when they hear, and words for the hamlet's group."""
        if not isinstance(outcome, PetitionsFiled):
            return
        filed = outcome.petitions[0]
        profile, problem = scene.facts.profile, self._problems(scene)[0]
        hamlet = scene.facts.hamlet()
        scene.say(
            "utter_households_filed",
            code=filed.code,
            households=scene.frame.value(_COUNT),
            hamlet=hamlet.label if hamlet else None,
            about=scene.book.field_labels[problem.field] if filed.sure else None,
            unit=profile.unit(filed.unit_id).name if filed.sure else None,
            received_at=filed.received_at,
            due=filed.intake_due,
            basis=filed.intake_basis,
        )
        receipt.name_outside_units(scene, outcome.petitions)
        self._offer_conference(scene, [filed.code])

    # -- beginning ----------------------------------------------------------------

    def _begin(self, scene: Scene) -> None:
        """He needs no notice of what is kept of him, and files one matter at a time."""
        frame = scene.frame
        told = scene.book.phrases.hamlet.matter(scene.turn.text)
        scene.turn = replace(scene.turn, text=told)
        problems = find_problems(scene.turn)
        kept = problems[0] if len(problems) == 1 else merge(problems)
        frame.data["problems"] = [kept.dump()]
        self._fill_from_story(scene)
        self._story_told(scene)

    def _after_story(self, scene: Scene) -> None:
        frame = scene.frame
        frame.step = "collect"
        scene.say(
            "utter_households_heard",
            heard=self.shown(scene, _CONTENT),
            households=frame.value(_COUNT),
            files=attached.counted(scene) or None,
            people=self.shown(scene, _PEOPLE) or None,
        )
        self.go_on(scene)

    def _fill_from_story(self, scene: Scene) -> None:
        """A telephone number in it is somebody's, not a way to reach him."""
        super()._fill_from_story(scene)
        scene.frame.clear("contact")
        count = scene.book.phrases.hamlet.count(scene.turn.text)
        if count and _COUNT not in scene.frame.slots:
            verdict = self._verdict(scene, _COUNT, str(count))
            if isinstance(verdict, Accepted):
                scene.frame.fill(_COUNT, verdict.answer)

    # -- whether they agreed --------------------------------------------------------

    def _extract(self, scene: Scene, slot: str) -> Verdict:
        if slot == _AGREED:
            return self._agreement(scene, scene.said, scene.turn.text)
        if slot == _PEOPLE and scene.turn.text and not scene.turn.payload:
            return Accepted(self._people(scene, text=scene.turn.text))
        return super()._extract(scene, slot)

    def correction(self, scene: Scene, slot: str, words: str) -> Verdict:
        """A line that is replaced."""
        if slot == _AGREED:
            command = scene.book.phrases.command(words)
            return self._agreement(scene, command, words)
        if slot == _PEOPLE:
            return Accepted(self._people(scene, text=words))
        return super().correction(scene, slot, words)

    def _agreement(self, scene: Scene, said: str | None, text: str) -> Verdict:
        """All, some and how many, or not asked yet; when in doubt nobody is named."""
        hamlet, count = scene.book.phrases.hamlet, scene.frame.value(_COUNT)
        if chosen := _CHOSEN.get(said or ""):
            return self._agreed(scene, chosen)
        parts = [
            (hamlet.count(part), bool(hamlet.not_agreed.search(part)))
            for part in _PARTS.split(fold(text))
        ]
        agreeing = [number for number, refuses in parts if number and not refuses]
        refusing = [number for number, refuses in parts if number and refuses]
        if agreeing:
            return self._so_many(scene, agreeing[0])
        if refusing and count not in refusing:
            return self._agreed(scene, _SOME)
        if any(refuses for _, refuses in parts):
            return self._agreed(scene, _NONE)
        if hamlet.agreed.search(fold(text)):
            return self._agreed(scene, _ALL)
        return Rejected("utter_error_agreement", {"households": count})

    def _so_many(self, scene: Scene, number: int) -> Verdict:
        verdict = self._verdict(scene, _COUNT, str(number))
        if not isinstance(verdict, Accepted):
            return verdict
        agreed = _ALL if number == scene.frame.value(_COUNT) else _SOME
        return self._agreed(scene, agreed, verdict.answer)

    def _agreed(
        self, scene: Scene, agreed: str, count: Answer | None = None
    ) -> Verdict:
        shown = scene.book.texts.render("utter_shown_agreement", {"agreed": agreed})
        answer = Answer(value=agreed, shown=shown.text)
        if agreed != _SOME:
            return Accepted(answer)
        if count is None:
            return Accepted(answer, but=(_COUNT, Rejected("utter_ask_agreeing")))
        return Accepted(answer, {_COUNT: count})

    def _after_agreement(self, scene: Scene) -> None:
        """A list that names somebody who did not agree is destroyed."""
        frame = scene.frame
        agreed, kept = frame.value(_AGREED), frame.value(_PEOPLE)
        if agreed == _ALL:
            if kept is None:
                frame.clear(_PEOPLE)
            return
        if kept:
            self._drop(scene, kept["files"])
        frame.clear(_PEOPLE)
        if agreed == _NONE:
            frame.fill(_PEOPLE, Answer())
            scene.say("utter_no_names")

    def _is_unnamed(self, scene: Scene) -> bool:
        return bool(scene.frame.value(_AGREED) == _NONE)

    def _verdict(self, scene: Scene, slot: str, words: str) -> Verdict:
        return super().correction(scene, slot, words)

    # -- lists and pictures -----------------------------------------------------------

    def _keep_media(self, scene: Scene) -> None:
        """A paper may be a list of people: where it is not clear, he is asked."""
        asking = scene.frame.asking
        papers = [p for p in scene.turn.media if p.kind in _PAPERS]
        attached.keep(scene, [p for p in scene.turn.media if p.kind not in _PAPERS])
        told = scene.book.phrases.hamlet.lists.search(fold(scene.turn.text))
        if asking == _PEOPLE or told:
            text = scene.turn.text if asking == _PEOPLE else None
            self._keep_list(scene, [paper.id for paper in papers], text or None)
            return
        if asking == "photos":
            attached.keep(scene, papers)
            return
        unsorted = scene.frame.data.setdefault("unsorted", {})
        unsorted.update({str(paper.id): paper.kind.value for paper in papers})

    def _at_sorting(self, scene: Scene) -> bool:
        self._keep_media(scene)
        said = scene.said
        if said not in ("photo_list", "photo_place"):
            if scene.turn.media:
                self.prompt(scene)
            return bool(scene.turn.media)
        unsorted: dict[str, str] = scene.frame.data.pop("unsorted")
        if said == "photo_list":
            self._keep_list(scene, [int(file) for file in unsorted])
        else:
            pictures = [
                Picture(int(file), MediaKind(kind)) for file, kind in unsorted.items()
            ]
            attached.keep(scene, pictures)
        scene.frame.step = "collect"
        self.go_on(scene)
        return True

    def _keep_list(
        self, scene: Scene, files: list[int], text: str | None = None
    ) -> None:
        if not files:
            return
        if self._is_unnamed(scene):
            self._drop(scene, files)
            return
        kept = (scene.frame.value(_PEOPLE) or {}).get("files", [])
        more = [file for file in files if file not in kept]
        people = self._people(scene, text=text, files=[*kept, *more])
        scene.frame.fill(_PEOPLE, people)

    def _people(
        self, scene: Scene, *, text: str | None = None, files: list[int] | None = None
    ) -> Answer:
        """A list as it is kept; the read-back says only that there is one."""
        before = scene.frame.value(_PEOPLE) or {"text": "", "files": []}
        text = before["text"] if text is None else text
        files = before["files"] if files is None else files
        shown = scene.book.texts.render(
            "utter_shown_people", {"count": len(files) or None}
        )
        return Answer(value={"text": text, "files": files}, shown=shown.text)

    def _drop(self, scene: Scene, files: list[int]) -> None:
        if files:
            scene.do(DropMedia(tuple(files)))
        scene.say("utter_list_dropped")

    # -- filing -----------------------------------------------------------------------

    def _drafts(self, scene: Scene) -> tuple[PetitionDraft, ...]:
        hamlet, frame = scene.facts.hamlet(), scene.frame
        people = frame.value(_PEOPLE) or {"files": []}
        label = scene.book.texts.label("utter_confirm_households")
        return tuple(
            replace(
                draft,
                content=self._told(scene, draft.content),
                answers=(
                    *(line for line in draft.answers if line[0] != _COUNT),
                    ("filed_by", label, _head(scene)),
                ),
                name=hamlet.head if hamlet else None,
                raised_in=RaisedIn.HAMLET_HEAD.value,
                households=frame.value(_COUNT),
                lists=tuple(people["files"]),
            )
            for draft in super()._drafts(scene)
        )

    def _for_officers(self, scene: Scene, slot: str, shown: str) -> str:
        if slot == _PEOPLE:
            return str(scene.frame.value(_PEOPLE)["text"] or shown)
        if slot == _AGREED:
            return shown
        return self._told(scene, super()._for_officers(scene, slot, shown))

    def _told(self, scene: Scene, text: str) -> str:
        return without_numbers(text) if self._is_unnamed(scene) else text

    def _area(self, scene: Scene, text: str) -> str | None:
        """One of his hamlets: the one that he names, else the only one."""
        hamlet = scene.facts.hamlet()
        own = hamlet.area_ids if hamlet else ()
        named = [found.area.id for found in scene.book.gazetteer.find(text)]
        chosen = next((area for area in named if area in own), None)
        return chosen or (own[0] if len(own) == 1 else None)


def _head(scene: Scene) -> str:
    """As whom he files: the head of his hamlets."""
    hamlet = scene.facts.hamlet()
    values = {"hamlet": hamlet.label if hamlet else None}
    return scene.book.texts.render("utter_hamlet_head", values).text
