"""Submit a petition: free text first, then only what is missing."""

import re
from dataclasses import replace

from bot.conversation.effects import (
    FilePetitions,
    Outcome,
    PetitionDraft,
    PetitionsFiled,
    Purge,
    RaiseAt,
)
from bot.conversation.flows import attached, field_question, receipt
from bot.conversation.flows.picture_card import (
    CANNOT_READ,
    PictureCardFlow,
    is_at_card,
    is_from_card,
    stand_in,
)
from bot.conversation.flows.problems import Problem, find_problems, merge
from bot.conversation.flows.story import SPOKEN_AT, is_spoken_in_doubt
from bot.conversation.flows.story import STEP as SECRECY
from bot.conversation.form import SKIP
from bot.conversation.phone import PhoneKind, mask, read_phone
from bot.conversation.scene import Scene
from bot.conversation.state import Answer, Frame, Heard
from bot.conversation.turn import Turn
from bot.conversation.validators import (
    Accepted,
    Rejected,
    Verdict,
    clean_name,
    contact_of,
    find_validator,
    shorten,
    strip_fillers,
    take_since,
)
from bot.petitions.model import Kind
from nlu.text import fold

_CONTENT = "petition_content"
_NUMBER = re.compile(r"\b([1-5])\b")
_PROBLEM = "problem:"
"""One of several problems, as a line of the read-back."""


class PetitionFlow(PictureCardFlow):
    """The flow of ``petition_form``."""

    name = "petition"
    form = "petition_form"
    noun = "petition"
    story = _CONTENT

    def open(self, scene: Scene) -> None:
        """Begin with whatever was already said; nothing is asked twice."""
        scene.push(self.name, self.form)
        self._keep_media(scene)
        if scene.turn.location:
            attached.keep_spot(scene)
        turn = scene.turn
        if scene.said == CANNOT_READ:
            self._show_card(scene)
            return
        if not self._has_matter(turn):
            self._ask_for_matter(scene)
            return
        if not turn.text:
            self._show_card(scene)
            return
        self._begin(scene)

    def instead(self, scene: Scene) -> str | None:
        """The flow that takes over: a hamlet head tells of several households."""
        hamlet = scene.book.phrases.hamlet
        tells = hamlet.tells_of_others(scene.turn.text)
        return "households" if tells and scene.facts.hamlet() else None

    def open_with(self, scene: Scene, *, hide_name: bool, after: str | None) -> None:
        """Begin inside another flow; ``after`` is said with the receipt."""
        scene.push(self.name, self.form, hide_name=hide_name, after=after)
        if scene.turn.text and not hide_name:
            self._begin(scene)
        else:
            self._ask_for_matter(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        match scene.frame.step:
            case "notice":
                self._give_notice(scene)
            case "split":
                self._offer_split(scene)
            case "raise":
                scene.say("utter_ask_raise_at_conference")
            case field_question.STEP:
                self._ask_field(scene)
            case _:
                super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        self._mark_hidden(scene)
        if scene.turn.location and self._is_beside(scene):
            attached.keep_spot(scene)
            if scene.turn.is_empty:
                self.prompt(scene)
                return True
        return self._at_step(scene)

    def _at_step(self, scene: Scene) -> bool:
        steps = {
            SECRECY: self._at_question,
            "notice": self._at_notice,
            "split": self._at_split,
            "raise": self._at_raise,
            field_question.STEP: self._at_field,
        }
        if is_at_card(scene.frame):
            return self._at_card(scene)
        return steps.get(scene.frame.step, self._in_form)(scene)

    def _in_form(self, scene: Scene) -> bool:
        asking, text = scene.frame.asking or "", scene.turn.text
        if asking == _CONTENT and scene.said == CANNOT_READ:
            self._show_card(scene)
            return True
        if asking == _CONTENT and self._has_matter(scene.turn):
            return self._matter_arrives(scene)
        if not asking.startswith(_PROBLEM):
            return super().take(scene)
        if text:
            self.correction(scene, asking, text)
            self.go_on(scene)
        return bool(text)

    def _ask(self, scene: Scene, slot: str) -> str:
        return super()._ask(scene, _CONTENT if slot.startswith(_PROBLEM) else slot)

    def resume(self, scene: Scene) -> None:
        """At the first notice, to go on is a yes."""
        if scene.frame.step == "notice":
            scene.said = "affirm"
            self._at_notice(scene)
        else:
            super().resume(scene)

    def cancel(self, scene: Scene) -> None:
        """Stop and destroy what was not filed."""
        if scene.frame.step == "raise":
            scene.pop()
            scene.say("utter_just_handled")
            return
        scene.pop()
        scene.do(Purge())
        scene.say("utter_purged")

    def go_on(self, scene: Scene) -> None:
        """Before the read-back: what it is about, where the model is not sure. What was
        only spoken is read back once somebody has listened."""
        frame = scene.frame
        if self.asks_first(scene):
            return
        if all(slot in frame.slots for slot in self.slots(scene)):
            if is_from_card(frame):
                frame.asking = None
                self.confirmed(scene)
                return
            place = field_question.next_unsure(scene, self._problems(scene))
            if place is not None:
                frame.step, frame.asking = field_question.STEP, None
                frame.data["asked_fields"].append(place)
                self._ask_field(scene)
                return
        super().go_on(scene)

    def skippable(self, slot: str) -> bool:
        """Only the matter itself is needed."""
        return slot != _CONTENT

    def offered(self, scene: Scene, slot: str) -> Answer | None:
        """Photos and a shared contact fill their slots at any moment."""
        turn = scene.turn
        if slot == "photos" and turn.media:
            self._keep_media(scene)
            return scene.frame.slots["photos"]
        if slot == "place" and turn.location and not turn.text:
            return attached.spot(scene)
        if slot == "contact" and turn.phone:
            reading = read_phone(turn.phone)
            if reading and reading.number:
                return contact_of(_owner(scene), reading.number)
        return None

    def noted(self, scene: Scene, slot: str) -> str:
        """The matter was read back before; a photo is only counted."""
        if slot == _CONTENT:
            return ""
        if slot == "photos":
            return attached.counted(scene)
        return super().noted(scene, slot)

    def shown(self, scene: Scene, slot: str) -> str:
        """Skipped photos read as none; other skipped lines are left out."""
        if slot == "photos":
            return attached.counted(scene)
        return super().shown(scene, slot)

    def lines(self, scene: Scene) -> list[tuple[str, str, str]]:
        """A line each for several problems, then what they share."""
        problems = self._problems(scene)
        rest = [line for line in super().lines(scene) if line[0] != _CONTENT]
        label = scene.book.texts.label(self._ask(scene, _CONTENT))
        if len(problems) == 1 or _CONTENT not in scene.frame.slots:
            shown = self.shown(scene, _CONTENT)
            return [(_CONTENT, label, shown), *rest] if shown else rest
        items = [
            (f"{_PROBLEM}{number}", f"{label} {number + 1}", shorten(problem.content))
            for number, problem in enumerate(problems)
        ]
        return items + rest

    def correction(self, scene: Scene, slot: str, words: str) -> Verdict:
        """A line of one among several problems is replaced in its list."""
        if not slot.startswith(_PROBLEM):
            return super().correction(scene, slot, words)
        number = int(slot.removeprefix(_PROBLEM))
        scene.frame.data["problems"][number]["content"] = words
        return Accepted(Answer(value=words, shown=shorten(words)))

    def add_to_story(self, scene: Scene, words: str) -> None:
        """With all that is sent beside it."""
        self._keep_media(scene)
        scene.turn = replace(scene.turn, text=words)
        self._add_to_story(scene)

    def after_question(self, scene: Scene, step: str) -> None:
        """From the beginning, or from where a line was changed."""
        if step in ("notice", "split"):
            self._after_story(scene)
        else:
            super().after_question(scene, step)

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """A new matter replaces the old one, and what the model made of it."""
        if slot.startswith(_PROBLEM):
            self.mind(scene)
            return [slot]
        if slot == "place" and scene.turn.location:
            verdict = replace(verdict, answer=attached.with_spot(verdict.answer, scene))
        filled = super().accept(scene, slot, verdict)
        if slot == _CONTENT:
            text = str(verdict.answer.value)
            problems = self._problems(scene)
            kept = problems[0] if problems else Problem(text)
            kept.content = text
            scene.frame.data["problems"] = [kept.dump()]
        return filled

    def changed(self, scene: Scene, heard: Heard, words: str) -> bool:
        """A story that was changed is read anew, with all that it tells."""
        self._keep_media(scene)
        if not words:
            scene.say("utter_edit_taken", noted=attached.counted(scene) or None)
            return True
        if _CONTENT not in heard.slots:
            return super().changed(scene, heard, words)
        verdict = find_validator(_CONTENT)(words, scene)
        if isinstance(verdict, Rejected):
            scene.say(verdict.response, **verdict.values)
            return True
        frame = scene.frame
        for slot in heard.slots:
            if slot not in (_CONTENT, "photos"):
                frame.clear(slot)
        problems = find_problems(scene.turn)
        frame.data["problems"] = [problem.dump() for problem in problems]
        frame.data.pop("asked_fields", None)
        self._fill_from_story(scene)
        self._mark_hidden(scene)
        if len(problems) > 1:
            frame.step = "split"
            frame.slots.setdefault("since", Answer())
        elif is_at_card(frame) or frame.step in ("split", field_question.STEP):
            frame.step = "collect" if scene.state.noticed else "notice"
        if frame.step == "collect":
            frame.asking = None
        self.mind(scene)
        self._waits_for_question(scene)
        scene.say("utter_edit_taken", noted=self._noted_story(scene))
        return True

    def _noted_story(self, scene: Scene) -> str | None:
        """What is not read back anyway by what is asked next."""
        is_asking = scene.frame.step == "collect"
        return scene.frame.slots[_CONTENT].shown if is_asking else None

    def confirmed(self, scene: Scene) -> None:
        """File every problem; the receipt follows."""
        scene.do(FilePetitions(self._drafts(scene)))

    def left_alone(self, scene: Scene) -> FilePetitions:
        """What becomes of a voice whose sender tapped nothing, or went no further."""
        if is_at_card(scene.frame):
            self._stand_in(scene, None)
        return FilePetitions(self._drafts(scene))

    def _drafts(self, scene: Scene) -> tuple[PetitionDraft, ...]:
        frame = scene.frame
        contact = frame.value("contact") or {}
        place = str(frame.value("place") or "")
        answers = tuple(
            line for line in self.lines(scene) if not line[0].startswith(_PROBLEM)
        )
        files = tuple(frame.value("photos") or ())
        spoken = stand_in(frame)
        return tuple(
            PetitionDraft(
                content=problem.content,
                kind=Kind(problem.kind),
                field=problem.field,
                field_confidence=problem.field_confidence,
                runner_up=problem.runner_up,
                field_chosen=problem.field_chosen,
                evidence=problem.evidence,
                model_version=problem.model_version,
                area_id=self._area(scene, f"{place}\n{problem.content}"),
                answers=tuple(
                    (slot, label, self._for_officers(scene, slot, shown))
                    for slot, label, shown in answers
                    if slot not in (_CONTENT, "contact")
                ),
                name=contact.get("name"),
                phone=contact.get("phone"),
                media=() if number else files,
                hide_name=problem.hide_name or bool(frame.data.get("hide_name")),
                voice_only=problem.content == spoken,
                received_at=attached.spoken_at(frame) if spoken else None,
            )
            for number, problem in enumerate(self._problems(scene))
        )

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """Say what was received, where it goes and by when the resident is told."""
        if not isinstance(outcome, PetitionsFiled):
            return
        filed = outcome.petitions
        if is_from_card(scene.frame):
            self._received_from_card(scene, filed[0])
            return
        receipt.say(scene, filed)
        after = scene.frame.data.get("after")
        if after:
            scene.say(after)
        self._offer_conference(scene, [item.code for item in filed])

    # -- beginning ----------------------------------------------------------------

    def _ask_for_matter(self, scene: Scene) -> None:
        scene.frame.asking = _CONTENT
        scene.introduce()
        scene.say(self._ask(scene, _CONTENT))

    def _matter_arrives(self, scene: Scene) -> bool:
        self._keep_media(scene)
        if not scene.turn.text:
            self._show_card(scene)
            return True
        verdict = self._extract(scene, _CONTENT)
        if not isinstance(verdict, Accepted):
            return super().take(scene)
        self._begin(scene)
        return True

    def _begin(self, scene: Scene) -> None:
        frame = scene.frame
        problems = find_problems(scene.turn)
        frame.data["problems"] = [problem.dump() for problem in problems]
        self._fill_from_story(scene)
        if len(problems) > 1:
            frame.fill("since", Answer())
        self._story_told(scene)

    def _story_told(self, scene: Scene) -> None:
        self._mark_hidden(scene)
        self.mind(scene)
        scene.frame.step = "notice"
        if not self.asks_first(scene):
            self._after_story(scene)

    def _after_story(self, scene: Scene) -> None:
        frame = scene.frame
        if len(self._problems(scene)) > 1:
            frame.step = "split"
            self._offer_split(scene)
        elif not scene.state.noticed:
            frame.step = "notice"
            self._give_notice(scene)
        else:
            frame.step = "collect"
            scene.say("utter_heard", **self._heard(scene))
            self.go_on(scene)

    def _fill_from_story(self, scene: Scene) -> None:
        """What the story already tells: since when, and how to reach the person."""
        text = scene.turn.text
        frame = scene.frame
        shown = shorten(strip_fillers(text, scene))
        frame.fill(_CONTENT, Answer(value=text, shown=shown))
        since = take_since(text, scene)
        if since and "since" not in frame.slots:
            frame.fill("since", since[1])
        reading = read_phone(text)
        is_new = "contact" not in frame.slots
        if is_new and reading and reading.kind is PhoneKind.EXACT and reading.number:
            value = {"name": None, "phone": reading.number}
            frame.fill("contact", Answer(value=value, shown=mask(reading.number)))

    # -- the first contact --------------------------------------------------------

    def _give_notice(self, scene: Scene) -> None:
        introduced, scene.state.introduced = scene.state.introduced, True
        scene.say("utter_first_notice", introduced=introduced, **self._heard(scene))

    def _heard(self, scene: Scene) -> dict[str, object]:
        content = scene.frame.slots[_CONTENT].shown
        files = attached.counted(scene)
        return {"heard": content, "files": files or None, "has_files": bool(files)}

    def _at_notice(self, scene: Scene) -> bool:
        if scene.affirmed() or scene.said == "proceed":
            if scene.turn.payload:
                self._add_to_story(scene)
            scene.state.noticed = True
            self.go_on(scene)
            return True
        if scene.said == "read_more":
            scene.say("utter_privacy_details")
            return True
        if scene.denied():
            self.cancel(scene)
            return True
        if not (scene.turn.text or scene.turn.media):
            return False
        self._keep_media(scene)
        self._add_to_story(scene)
        if not self.asks_first(scene):
            self._give_notice(scene)
        return True

    def _add_to_story(self, scene: Scene) -> None:
        if text := scene.turn.text:
            frame = scene.frame
            whole = f"{frame.value(_CONTENT)}\n{text}"
            shown = shorten(strip_fillers(whole, scene))
            answer = Answer(value=whole, shown=shown)
            self.accept(scene, _CONTENT, Accepted(answer))

    # -- several problems ---------------------------------------------------------

    def _problems(self, scene: Scene) -> list[Problem]:
        """What the model found in the story; where it found nothing, the story."""
        found = [Problem.load(p) for p in scene.frame.data.get("problems", [])]
        content = scene.frame.value(_CONTENT)
        return found or ([Problem(str(content))] if content else [])

    def _offer_split(self, scene: Scene) -> None:
        scene.introduce()
        circled = scene.book.phrases.circled
        problems = self._problems(scene)
        lines = "\n".join(
            f"{circled[n]} {shorten(problem.content, 70)}"
            for n, problem in enumerate(problems)
        )
        scene.say("utter_split_offer", lines=lines, count=len(problems))

    def _at_split(self, scene: Scene) -> bool:
        problems = self._problems(scene)
        if scene.said == "merge":
            scene.frame.data["problems"] = [merge(problems).dump()]
        elif scene.denied():
            self.cancel(scene)
            return True
        elif not (scene.affirmed() or scene.said == "split"):
            return False
        scene.state.noticed = True
        scene.frame.step = "collect"
        if scene.rest:
            scene.frame.asking = "place"
            scene.turn = _answering(scene.turn, scene.rest)
            scene.said, scene.rest = None, ""
            return super().take(scene)
        self.go_on(scene)
        return True

    # -- what it is about ---------------------------------------------------------

    def _ask_field(self, scene: Scene) -> None:
        problems = self._problems(scene)
        problem = problems[scene.frame.data["asked_fields"][-1]]
        field_question.ask(scene, problem, is_one_of_many=len(problems) > 1)

    def _at_field(self, scene: Scene) -> bool:
        problems = self._problems(scene)
        problem = problems[scene.frame.data["asked_fields"][-1]]
        if not field_question.take(scene, problem):
            return False
        scene.frame.data["problems"] = [each.dump() for each in problems]
        self.go_on(scene)
        return True

    # -- voice and pictures -------------------------------------------------------

    # -- files, hidden names, conference ------------------------------------------

    def _is_beside(self, scene: Scene) -> bool:
        """Whether a position answers something else than what is asked."""
        frame = scene.frame
        asks_where = frame.step == "collect" and frame.asking == "place"
        return frame.step != "raise" and not asks_where

    def _mark_hidden(self, scene: Scene) -> None:
        text = scene.rest or scene.turn.text
        found = scene.book.phrases.hide_name.search(fold(text))
        if not found:
            return
        problems = scene.frame.data.get("problems", [])
        named = _NUMBER.search(fold(text)[: found.start()])
        if named and 0 < int(named[1]) <= len(problems):
            problems[int(named[1]) - 1]["hide_name"] = True
        else:
            scene.frame.data["hide_name"] = True

    def _for_officers(self, scene: Scene, slot: str, shown: str) -> str:
        """Officers get the whole answer, and a place that was sent as a position."""
        value = scene.frame.value(slot)
        return value if isinstance(value, str) else shown

    def _area(self, scene: Scene, text: str) -> str | None:
        found = scene.book.gazetteer.find(text)
        return found[0].area.id if found else None

    def _offer_conference(self, scene: Scene, codes: list[str]) -> None:
        dated = [c for c in scene.facts.conferences() if c.starts_at]
        if not dated:
            scene.pop()
            return
        scene.frame.step = "raise"
        scene.frame.asking = None
        scene.frame.data = {"codes": codes, "conference": dated[0].id}
        scene.say("utter_offer_conference", starts_at=dated[0].starts_at)

    def _at_raise(self, scene: Scene) -> bool:
        data = scene.frame.data
        if scene.said in ("raise", "affirm"):
            scene.do(RaiseAt(tuple(data["codes"]), data["conference"]))
            scene.pop()
            scene.say("utter_raised")
            return True
        scene.pop()
        if scene.said in ("just_handle", "deny", SKIP):
            scene.say("utter_just_handled")
            return True
        return False


def is_an_offer(frame: Frame) -> bool:
    """Whether a frame only asks whether to raise at a conference what was filed."""
    return frame.step == "raise"


def waits_for_listeners(frame: Frame) -> bool:
    """Whether a voice is settled without its sender when nothing more comes."""
    return is_left_to_listeners(frame) or is_spoken_in_doubt(frame)


def is_left_to_listeners(frame: Frame) -> bool:
    """Whether a frame holds a voice of which we said that somebody will listen; others
    wait for an answer in writing."""
    is_petition = frame.flow == PetitionFlow.name
    has_no_words = is_at_card(frame) or is_from_card(frame)
    return is_petition and has_no_words and SPOKEN_AT in frame.data


def _answering(turn: Turn, text: str) -> Turn:
    """The same turn with only the words that answer the question."""
    return Turn(
        now=turn.now, text=text, media=turn.media, phone=turn.phone, owner=turn.owner
    )


def _owner(scene: Scene) -> str | None:
    """Whose number came without words: told with it, or before."""
    frame = scene.frame
    named = clean_name(scene.turn.owner, scene) if scene.turn.owner else None
    known = frame.value("contact") or {}
    return named or known.get("name") or frame.data.get("heard_name")
