"""Register an enterprise: the fields that the profile asks for, and the contents that
it raises, each a petition of its own."""

from dataclasses import replace
from typing import Any

from bot.conversation import enterprise
from bot.conversation.effects import PetitionDraft, Register, SlipContent
from bot.conversation.flows.problems import Problem, find_problems
from bot.conversation.flows.slip import SlipFlow, chosen, plan_of
from bot.conversation.phrases import plain
from bot.conversation.scene import Scene
from bot.conversation.state import Answer
from bot.conversation.turn import ConferenceInfo
from bot.conversation.validators import (
    Accepted,
    Verdict,
    find_validator,
    shorten,
    strip_fillers,
    validate_petition_content,
)
from bot.localities.programme import Topic
from bot.petitions.model import Kind

_OPINIONS = "opinions"
_TOPICS = "opinion_topics"
_LINE = "opinions:"
"""Before the number of a content: the line of the read-back that shows it."""
_TOPIC = "topic:"
_SKIPPABLE = frozenset({"post", "workers"})
_AT_ONCE = ("organisation", "tax_number")
"""Slots that the words which open the form may fill."""
_UNMISTAKABLE = ("tax_number", "phone_number", "workers")
_ABOUT_WHOM = ("organisation", "tax_number")
"""Answers that go along with every content."""


class EnterpriseFlow(SlipFlow):
    """The flow of ``enterprise_form``."""

    name = "enterprise"
    form = "enterprise_form"
    noun = "enterprise"
    tells = "utter_conference_enterprise"
    receipt = "utter_registered_enterprise"
    story = _OPINIONS

    def open(self, scene: Scene) -> None:
        """From the beginning, for the nearest conference of enterprises."""
        theirs = [c for c in scene.facts.conferences() if plan_of(scene, c)[1].slip]
        if not theirs:
            scene.say("utter_no_conference")
            return
        scene.push(self.name, self.form)
        self.begin(scene, theirs[0])

    def begin(self, scene: Scene, conference: ConferenceInfo) -> None:
        """What the first words tell of the enterprise is not asked again."""
        scene.state.enterprise = True
        said = enterprise.parts(scene.turn.text, scene.book.phrases)
        for slot in _AT_ONCE:
            verdict = find_validator(slot)(said[slot], scene) if slot in said else None
            if isinstance(verdict, Accepted):
                scene.frame.fill(slot, verdict.answer)
        super().begin(scene, conference)

    def cancel(self, scene: Scene) -> None:
        """Who registers no more speaks for nobody."""
        scene.state.enterprise = False
        super().cancel(scene)

    def slots(self, scene: Scene) -> tuple[str, ...]:
        """What the profile asks for, in its order; to which topic last."""
        _, plan = chosen(scene)
        if plan.slip is None:
            return super().slots(scene)
        return (*plan.slip.fields, *([_TOPICS] if plan.slip.topics else []))

    def skippable(self, slot: str) -> bool:
        """Whether a question may go unanswered."""
        return slot in _SKIPPABLE

    def values(self, scene: Scene) -> dict[str, object]:
        """Also how many contents there are, and who looks after them."""
        programme, _ = chosen(scene)
        count = len(self._contents(scene))
        secretariat = scene.facts.profile.unit(programme.secretariat).name
        return {
            **super().values(scene),
            "count": count,
            "many": count > 1,
            "secretariat": secretariat,
        }

    def lines(self, scene: Scene) -> list[tuple[str, str, str]]:
        """One line for each content."""
        lines = []
        for line in super().lines(scene):
            if line[0] == _OPINIONS:
                lines += self._lines_of_contents(scene)
            elif line[0] != _TOPICS:
                lines.append(line)
        return lines

    def offered(self, scene: Scene, slot: str) -> Answer | None:
        """What was told in the same breath as the answer to another question."""
        asking, turn = scene.frame.asking, scene.turn
        if turn.payload or not turn.text or slot == asking or _is_content(asking):
            return None
        said = enterprise.parts(turn.text, scene.book.phrases).get(slot)
        verdict = find_validator(slot)(said, scene) if said else None
        return verdict.answer if isinstance(verdict, Accepted) else None

    def noted(self, scene: Scene, slot: str) -> str:
        """Contents are read back at once, one by one."""
        if slot == "workers":
            number = self.shown(scene, slot)
            return scene.book.texts.render("utter_workers", {"number": number}).text
        return "" if _is_content(slot) else super().noted(scene, slot)

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Contents are kept one by one."""
        value = str(verdict.answer.value)
        if slot.startswith(_LINE):
            content = self._content(scene, slot)
            if content["content"] != value:
                self.mind(scene)
                content |= {"content": value, "problem": Problem(value).dump()}
            return [slot]
        if slot == _OPINIONS:
            scene.frame.clear(_TOPICS)
            scene.frame.data["contents"] = [
                {"problem": problem.dump(), "content": problem.content}
                for problem in _problems(scene, value)
            ]
        return super().accept(scene, slot, verdict)

    def add_to_story(self, scene: Scene, words: str) -> None:
        """It belongs to the last content."""
        super().add_to_story(scene, words)
        content = self._contents(scene)[-1]
        content["content"] = f"{content['content']}\n{words}".strip()
        content["problem"]["content"] = content["content"]

    def value(self, scene: Scene, slot: str) -> object:
        """Of a content, its words."""
        if slot.startswith(_LINE):
            return self._content(scene, slot)["content"]
        return super().value(scene, slot)

    def correction(self, scene: Scene, slot: str, words: str) -> Verdict:
        """A content is replaced by words, its topic by the name of another."""
        if not slot.startswith(_LINE):
            return super().correction(scene, slot, words)
        content = self._content(scene, slot)
        if topic := self._topic_named(scene, words):
            content["topic"] = topic.id
            same = content["content"]
            return Accepted(Answer(value=same, shown=same))
        return validate_petition_content(words, scene)

    def go_on(self, scene: Scene) -> None:
        """Ask for the next empty slot; topics are asked content by content."""
        if self.asks_first(scene):
            return
        slots = scene.frame.slots
        missing = next((slot for slot in self.slots(scene) if slot not in slots), None)
        if missing == _TOPICS:
            scene.frame.step, scene.frame.asking = "collect", _TOPICS
            self._ask_topic(scene)
            return
        super().go_on(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        frame = scene.frame
        asking = frame.asking or ""
        if frame.step == "collect" and asking == _TOPICS:
            self._ask_topic(scene)
        elif frame.step == "collect" and asking.startswith(_LINE):
            self._ask_content(scene, asking)
        else:
            super().prompt(scene)

    def correct(self, scene: Scene) -> None:
        """ "A mistake, it is 99…": the number itself is the correction."""
        frame = scene.frame
        if "doubt" in frame.data and not scene.turn.payload:
            frame.asking = frame.data.pop("doubt")["slot"]
            frame.clear(frame.asking)
            said = enterprise.parts(scene.turn.text, scene.book.phrases)
            if frame.asking in said and self._collect(scene):
                return
        elif not scene.turn.payload and self._volunteered(scene):
            return
        super().correct(scene)

    def back(self, scene: Scene) -> None:
        """The topics are asked anew together."""
        frame = scene.frame
        if frame.answered[-1:] != [_TOPICS]:
            super().back(scene)
            return
        frame.clear(_TOPICS)
        for content in self._contents(scene):
            content.pop("topic", None)
        self.go_on(scene)

    def confirmed(self, scene: Scene) -> None:
        """File the slip, and each content as a petition."""
        frame = scene.frame
        scene.do(
            Register(
                conference_id=frame.data["conference"]["id"],
                name=frame.value("representative"),
                phone=frame.value("phone_number"),
                address=frame.value("address") or "",
                wants_to_speak=bool(frame.value("wants_to_speak")),
                answers=tuple(self.lines(scene)),
                petition=None,
                contents=tuple(
                    SlipContent(
                        self._draft(scene, content),
                        topic=content.get("topic"),
                        unnamed=bool(content.get("unnamed")),
                    )
                    for content in self._contents(scene)
                ),
            )
        )

    # -- steps --------------------------------------------------------------------

    def _collect(self, scene: Scene) -> bool:
        if scene.frame.asking == _TOPICS:
            return self._take_topic(scene)
        return super()._collect(scene)

    def _extract(self, scene: Scene, slot: str) -> Verdict:
        if not slot.startswith(_LINE):
            return super()._extract(scene, slot)
        turn = scene.turn
        usable = turn.text and not turn.payload
        return self.correction(scene, slot, turn.text) if usable else None

    def _ask_line_again(self, scene: Scene, slot: str) -> bool:
        if not slot.startswith(_LINE):
            return super()._ask_line_again(scene, slot)
        scene.frame.step, scene.frame.asking = "collect", slot
        self._ask_content(scene, slot)
        return True

    def _at_confirm(self, scene: Scene) -> bool:
        return self._hide_name(scene) or self._drop(scene) or super()._at_confirm(scene)

    def _volunteered(self, scene: Scene) -> bool:
        """At the read-back: a number that can be nothing else replaces the old one."""
        said = enterprise.parts(scene.turn.text, scene.book.phrases)
        for slot in _UNMISTAKABLE:
            verdict = find_validator(slot)(said[slot], scene) if slot in said else None
            if isinstance(verdict, Accepted) and slot in self.slots(scene):
                self.accept(scene, slot, verdict)
                self._note(scene, [slot])
                self.go_on(scene)
                return True
        return False

    def _note(self, scene: Scene, filled: list[str]) -> None:
        """In the order of the form, not in that of the words."""
        order = self.slots(scene)
        known = [slot for slot in order if slot in filled]
        super()._note(scene, known)

    def _hide_name(self, scene: Scene) -> bool:
        """ "nd 4 không nêu tên": one content, or all of them."""
        phrases, text = scene.book.phrases, scene.turn.text
        if not phrases.hide_name.search(plain(text)):
            return False
        number = enterprise.content_number(text, phrases)
        named = self._named(scene, number)
        for content in named:
            content["unnamed"] = True
        if named:
            is_one = {"number": number, "one": number is not None}
            scene.say("utter_content_unnamed", **is_one, **self.values(scene))
        return bool(named)

    def _drop(self, scene: Scene) -> bool:
        """ "bỏ nd 4": that content is not sent; the last one stays."""
        phrases, text = scene.book.phrases, scene.turn.text
        number = enterprise.content_number(text, phrases)
        if number is None or not phrases.enterprise.drops.match(plain(text)):
            return False
        contents = self._contents(scene)
        if not 0 < number <= len(contents) or len(contents) == 1:
            return False
        del contents[number - 1]
        scene.say("utter_content_dropped", number=number)
        self.read_back(scene)
        return True

    # -- contents -----------------------------------------------------------------

    def _contents(self, scene: Scene) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = scene.frame.data.get("contents", [])
        return found

    def _content(self, scene: Scene, line: str) -> dict[str, Any]:
        return self._contents(scene)[int(line.removeprefix(_LINE)) - 1]

    def _named(self, scene: Scene, number: int | None) -> list[dict[str, Any]]:
        """The content of that number; all of them for none."""
        contents = self._contents(scene)
        return contents if number is None else contents[max(number - 1, 0) : number]

    def _lines_of_contents(self, scene: Scene) -> list[tuple[str, str, str]]:
        texts = scene.book.texts
        return [
            (
                f"{_LINE}{number}",
                texts.render("utter_content_label", {"number": number}).text,
                texts.render(
                    "utter_content_line",
                    {
                        "content": shorten(strip_fillers(content["content"], scene)),
                        "topic": self._label(scene, content),
                        "unnamed": bool(content.get("unnamed")),
                        "plain": "topic" not in content,
                    },
                ).text,
            )
            for number, content in enumerate(self._contents(scene), 1)
        ]

    def _draft(self, scene: Scene, content: dict[str, Any]) -> PetitionDraft:
        frame = scene.frame
        problem = Problem.load(content["problem"])
        return PetitionDraft(
            content=content["content"],
            kind=Kind(problem.kind),
            field=problem.field,
            field_confidence=problem.field_confidence,
            runner_up=problem.runner_up,
            evidence=problem.evidence,
            model_version=problem.model_version,
            answers=(
                *(line for line in self.lines(scene) if line[0] in _ABOUT_WHOM),
                *self._answers_about(scene, content),
            ),
            name=frame.value("representative"),
            phone=frame.value("phone_number"),
            raised_in="slip",
            programme_id=frame.data["conference"]["programme_id"],
        )

    def _answers_about(
        self, scene: Scene, content: dict[str, Any]
    ) -> list[tuple[str, str, str]]:
        """Of one content: its topic, and that the hall is not told who asks."""
        texts, answers = scene.book.texts, []
        if topic := self._label(scene, content):
            label = texts.label("utter_ask_opinion_topics")
            answers.append((_TOPICS, label, topic))
        if content.get("unnamed"):
            label = texts.label("utter_content_unnamed")
            shown = texts.render("utter_shown_affirm", {}).text
            answers.append(("unnamed", label, shown))
        return answers

    # -- topics -------------------------------------------------------------------

    def _topics(self, scene: Scene) -> tuple[Topic, ...]:
        _, plan = chosen(scene)
        return plan.slip.topics if plan.slip else ()

    def _label(self, scene: Scene, content: dict[str, Any]) -> str | None:
        found = (t.label for t in self._topics(scene) if t.id == content.get("topic"))
        return next(found, None)

    def _without_topic(self, scene: Scene) -> tuple[int, dict[str, Any]] | None:
        numbered = enumerate(self._contents(scene), 1)
        return next(((n, c) for n, c in numbered if "topic" not in c), None)

    def _ask_topic(self, scene: Scene) -> None:
        number, content = self._without_topic(scene) or (1, self._contents(scene)[0])
        many = len(self._contents(scene)) > 1
        scene.offer(
            "utter_ask_opinion_topics",
            [(topic.label, f"{_TOPIC}{topic.id}") for topic in self._topics(scene)],
            number=number if many else None,
            content=shorten(content["content"]),
        )

    def _ask_content(self, scene: Scene, line: str) -> None:
        scene.say("utter_ask_content_again", number=int(line.removeprefix(_LINE)))

    def _take_topic(self, scene: Scene) -> bool:
        """By button, by its name or by its place in the list."""
        said = (scene.said or "").removeprefix(_TOPIC)
        topics = {topic.id: topic for topic in self._topics(scene)}
        named = topics.get(said) or self._topic_named(scene, scene.turn.text)
        found = self._without_topic(scene)
        if named is None or found is None:
            return False
        found[1]["topic"] = named.id
        if self._without_topic(scene) is None:
            scene.frame.fill(_TOPICS, Answer(value=True, shown=named.label))
        self.go_on(scene)
        return True

    def _topic_named(self, scene: Scene, words: str) -> Topic | None:
        topics = self._topics(scene)
        said = plain(words)
        if said.isdigit() and 0 < int(said) <= len(topics):
            return topics[int(said) - 1]
        return next((topic for topic in topics if plain(topic.label) == said), None)


def _is_content(slot: str | None) -> bool:
    return (slot or "").startswith((_OPINIONS, _TOPICS))


def _problems(scene: Scene, text: str) -> list[Problem]:
    """The contents in an answer; nothing of it is lost when there are many."""
    turn = scene.turn
    if turn.text != text:
        turn = replace(turn, text=text, reading=None)
    problems = find_problems(turn)
    last = problems[-1].content
    if len(problems) > 1 and (at := text.rfind(last)) >= 0:
        problems[-1].content = text[at:].strip()
    return problems
