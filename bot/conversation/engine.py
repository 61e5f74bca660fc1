"""The engine: ``(state, turn) → (new state, replies, effects)``, without any server.

Order of attention: danger and secrecy first, then what is answered by a word or a
button at any moment, then questions in the middle of a form, then the running flow,
then whatever a new message opens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.channels.base import MediaKind
from bot.conversation import edits
from bot.conversation.effects import AddTo, Effect, Outcome
from bot.conversation.flows import heard, rate, seat
from bot.conversation.flows.handoff import CALL_ME, asks_in_passing
from bot.conversation.flows.petition import is_an_offer
from bot.conversation.flows.sealed import HelpFlow
from bot.conversation.flows.story import SEALED_BY, is_asked, is_doubtful
from bot.conversation.kinds import believed, doubted_kind, is_secret
from bot.conversation.reading import Reading
from bot.conversation.scene import Book, Scene
from bot.conversation.state import Choice, State
from bot.conversation.turn import Facts, Reply, Turn
from bot.petitions.code import find_code
from bot.petitions.model import Kind
from bot.safety.rules import Signal
from nlu.text import fold

_SHORT = 10
"""Words: a longer message is a story, never a command."""
_SURE = 0.55
_SURE_OF_QUESTION = 0.6
_SURE_OF_MATTER = 0.8
_QUESTION_WORDS = 16
_CODE_WORDS = 5
_FLOW_OF_SIGNAL = {
    Signal.SELF_HARM: "self_harm",
    Signal.CHILD: "protection",
    Signal.VIOLENCE: "protection",
    Signal.DENUNCIATION: "denunciation",
}
"""Which flow a sealed signal opens, in the order in which they are looked at."""
_SECRET = frozenset(
    {"danger", "sealed_danger", "denunciation", "protection", "self_harm"}
)
"""Flows that know better than to offer a call of the Office."""
_CALLS = frozenset({CALL_ME, "field:unknown", "talk_to_person"})
_POLICE = "113"
_FILLING = ("collect", "confirm", "which_line")
"""Steps of a form in which an answer may be continued."""


class Flow(Protocol):
    """One task of a conversation; see ``bot/conversation/flows``."""

    name: str

    def open(self, scene: Scene) -> None:
        """Begin: push a frame and say the first thing."""

    def take(self, scene: Scene) -> bool:
        """One turn; false when there is nothing in it for this flow."""

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""


@dataclass(frozen=True)
class Step:
    """What came of a turn."""

    state: State
    replies: tuple[Reply, ...]
    effects: tuple[Effect, ...]
    waits: bool = False
    """The turn needs the model, which is away: keep the messages."""


class Engine:
    """The flows and the rules of attention over them."""

    def __init__(
        self,
        book: Book,
        flows: Mapping[str, Flow],
        openings: Mapping[str, str],
        questions: frozenset[str],
    ) -> None:
        """``openings``: intent or command → flow; ``questions``: intents answered in
        passing by the flow ``questions``."""
        self.book = book
        self._flows = flows
        self._openings = openings
        self._questions = questions

    def step(
        self, state: State, turn: Turn, facts: Facts, *, model_away: bool = False
    ) -> Step:
        """Take one turn. Pure: ``state`` is not changed."""
        scene = self._scene(state, turn, facts)
        if edits.is_unchanged(state, turn):
            return Step(scene.state, (), ())
        self._join_early_words(scene)
        scene.said = self._interpret(scene)
        if self.book.phrases.is_informal(turn.text):
            scene.state.informal = True
        if model_away and self._needs_model(scene):
            return Step(state, (), (), waits=True)
        self._attend(scene)
        if _is_spoken(turn) and scene.replies:
            self._mind_voice(scene)
        edits.note(scene, state, turn)
        return self._finish(scene)

    def is_plain(self, state: State, turn: Turn) -> bool:
        """Whether the text is a command, a choice, a code or a number by itself."""
        text = turn.text
        said = self._spoken(state, text)
        if (said and not (state.frames and self._is_for_few(said))) or text.isdigit():
            return True
        return find_code(text) is not None and turn.words <= _CODE_WORDS

    def is_for_ever(self, payload: str) -> bool:
        """Whether a button opens something by itself, whatever is being asked."""
        name = _bare_name(payload)
        opens = name in self._openings or name in self._questions
        return opens or find_code(payload) is not None

    def resume(self, state: State, turn: Turn, facts: Facts, outcome: Outcome) -> Step:
        """Hand the outcome of an effect to the flow that asked for it."""
        scene = self._scene(state, turn, facts)
        for frame in reversed(scene.state.frames):
            receive = getattr(self._flows[frame.flow], "outcome", None)
            if receive is not None:
                edits.note_filed(scene.state, frame, outcome)
                receive(scene, outcome)
                break
        return self._finish(scene)

    def _scene(self, state: State, turn: Turn, facts: Facts) -> Scene:
        return Scene(self.book, state.model_copy(deep=True), turn, facts)

    def _finish(self, scene: Scene) -> Step:
        if scene.replies:
            scene.state.choices = self._choices(scene)
        return Step(scene.state, tuple(scene.replies), tuple(scene.effects))

    def _choices(self, scene: Scene) -> list[Choice]:
        """The buttons of the last reply that has any: what may be answered by words."""
        for reply in reversed(scene.replies):
            buttons = reply.buttons
            if buttons is None:
                values = {**reply.values}
                buttons = self.book.texts.render(reply.response, values).buttons
            if buttons:
                return [
                    Choice(title=title, payload=payload) for title, payload in buttons
                ]
        return []

    # -- attention ----------------------------------------------------------------

    def _attend(self, scene: Scene) -> None:
        """The first that has a use for the turn takes it."""
        self._end_help(scene)
        for takes in (
            self._emergency,
            self._nothing_said,
            self._changed_afterwards,
            self._command,
            self._read_back,
            self._seat_offered,
            self._question_inside,
            self._running,
            self._answer_about,
            self._open,
            self._late_button,
        ):
            if takes(scene):
                scene.state.misses = 0
                return
        self._missed(scene)

    def _end_help(self, scene: Scene) -> None:
        """Help that was told hours ago hides no new danger."""
        flow = self._flows[scene.frame.flow] if scene.state.frames else None
        if isinstance(flow, HelpFlow) and flow.is_over(scene):
            scene.pop()

    def _nothing_said(self, scene: Scene) -> bool:
        """Nothing, or a sticker: ask again, or say that somebody is there."""
        turn = scene.turn
        if not turn.is_empty:
            if Signal.IDENTITY_NUMBER in turn.signals:
                scene.say("utter_identity_removed")
            return False
        if turn.late or turn.late_form:
            scene.say("utter_form_late" if turn.late_form else "utter_button_late")
            self._repeat(scene)
        elif turn.sticker and not scene.state.frames:
            scene.say("utter_sticker")
        else:
            self._repeat(scene)
        return True

    def _changed_afterwards(self, scene: Scene) -> bool:
        """A message that was changed after it was taken."""
        return edits.take(scene, self._flows)

    def _running(self, scene: Scene) -> bool:
        return bool(scene.state.frames) and self._flows[scene.frame.flow].take(scene)

    def _late_button(self, scene: Scene) -> bool:
        """A button of an older message that means nothing any more."""
        if not scene.turn.payload:
            return False
        scene.say("utter_button_late")
        self._repeat(scene)
        return True

    def _join_early_words(self, scene: Scene) -> None:
        """Early words continue a form's last answer; elsewhere they are just said."""
        turn = scene.turn
        continues = (
            scene.state.frames
            and scene.frame.step in _FILLING
            and hasattr(self._flows[scene.frame.flow], "continues")
        )
        if turn.continuation and not continues:
            text = f"{turn.continuation}\n{turn.text}".strip()
            scene.turn = replace(turn, text=text, continuation="")

    def _emergency(self, scene: Scene) -> bool:
        """Danger and secrecy come before everything; a running flow is not told."""
        flow = self._alarm(scene)
        running = scene.frame.flow if scene.state.frames else None
        if flow is None or running in (flow, "sealed_danger"):
            return False
        self._flows[flow].open(scene)
        return True

    def _alarm(self, scene: Scene) -> str | None:
        signals = believed(scene.turn.signals, scene.turn.reading)
        reading, frames = scene.turn.reading, scene.state.frames
        doubt = doubted_kind(reading, answers_a_form=bool(frames)) if reading else None
        flows = (flow for one, flow in _FLOW_OF_SIGNAL.items() if one in signals)
        sealed = next(flows, None)
        if Signal.DANGER in signals or (doubt is Kind.KHAN_CAP and not sealed):
            return "sealed_danger" if is_secret(signals, reading) else "danger"
        return sealed or ("denunciation" if doubt else None)

    def _command(self, scene: Scene) -> bool:
        """Words that work at any moment."""
        said = scene.said
        flow = self._flows[scene.frame.flow] if scene.state.frames else None
        if said == "cancel":
            self._cancel(scene)
        elif said == "restart" and flow:
            self._restart(scene)
        elif said in ("back", "correct", "resume") and flow and hasattr(flow, said):
            getattr(flow, said)(scene)
        elif said in ("back", "correct", "resume", "later") and flow:
            flow.prompt(scene)
        elif said in SEALED_BY and flow and is_asked(scene):
            self._flows[SEALED_BY[said]].open(scene)
        elif self._is_code(scene):
            _let_go(scene)
            self._flows["follow"].open(scene)
        elif (opens := _bare_name(said)) in self._openings and self._may_open(
            scene, opens
        ):
            _let_go(scene)
            self._flows[self._openings[opens]].open(scene)
        else:
            return False
        return True

    def _read_back(self, scene: Scene) -> bool:
        """Nothing runs, but the sender of a voice was asked whether that is what was
        said."""
        frames = scene.state.frames
        is_idle = not frames or asks_in_passing(scene.frame)
        if not is_idle or scene.turn.payload or not heard.answers(scene):
            return False
        if scene.facts.voice_to_confirm() is None:
            return False
        if frames:
            scene.pop()
        self._flows[heard.HeardFlow.name].open(scene)
        return True

    def _seat_offered(self, scene: Scene) -> bool:
        """Nothing runs, but a seat was offered: a yes takes it, a no is asked about."""
        if scene.state.frames or scene.turn.payload:
            return False
        if not (scene.affirmed() or scene.denied()) or seat.offered(scene) is None:
            return False
        opens = seat.TAKE if scene.affirmed() else "cancel_registration"
        self._flows[self._openings[opens]].open(scene)
        return True

    def _is_code(self, scene: Scene) -> bool:
        """A code by itself, typed or tapped, shows its matter."""
        turn, frames = scene.turn, scene.state.frames
        if scene.said in ("join", "leave"):
            return False
        if frames and scene.frame.flow in ("follow", "withdraw", "add", "rate"):
            return False
        if "/" in (turn.payload or ""):  # a button about that matter: "rate_done/STH-…"
            return False
        text = turn.payload or turn.text
        return len(text.split()) <= _CODE_WORDS and find_code(text) is not None

    def _may_open(self, scene: Scene, said: str) -> bool:
        """A command opens its flow, unless the running flow expects it as an answer."""
        flow = self._openings[said]
        if not scene.state.frames or flow == "talk":
            return not scene.state.frames
        return scene.frame.flow != flow or scene.turn.payload is not None

    def _cancel(self, scene: Scene) -> None:
        if not scene.state.frames:
            scene.say("utter_nothing_to_cancel")
            return
        ended = scene.frame
        stop = getattr(self._flows[ended.flow], "cancel", None)
        if stop is not None:
            stop(scene)
        else:
            scene.pop()
            scene.say("utter_cancelled")
        if scene.state.frames:
            scene.say("utter_paused_flow")
            self._flows[scene.frame.flow].prompt(scene)

    def _restart(self, scene: Scene) -> None:
        """Begin the form again; what was opened on top of it is dropped."""
        ended = scene.pop()
        while scene.state.frames and not ended.form:
            ended = scene.pop()
        scene.say("utter_restarted")
        self._flows[ended.flow].open(scene)

    def _question_inside(self, scene: Scene) -> bool:
        """A short question inside a flow is answered, and the flow goes on."""
        if not scene.state.frames or hasattr(
            self._flows[scene.frame.flow], "answers_questions_itself"
        ):
            return False
        question, rest = self._split_question(scene)
        if question is None or self._wants_name_hidden(scene, question):
            return False
        turn = scene.turn
        self._answer_in_passing(scene, question)
        if rest and (flow := self._flows[scene.frame.flow]):
            scene.turn = _with_text(turn, rest)
            scene.said = self._interpret(scene)
            if flow.take(scene):
                return True
            scene.turn = turn
        if scene.state.frames:
            self._flows[scene.frame.flow].prompt(scene)
        return True

    def _wants_name_hidden(self, scene: Scene, question: str) -> bool:
        """ "Do not show my name" is a wish that the form keeps, no question."""
        hides = self.book.phrases.hide_name.search(fold(scene.turn.text))
        return question == "ask_privacy" and hides is not None

    def _split_question(self, scene: Scene) -> tuple[str | None, str]:
        turn, reading = scene.turn, scene.turn.reading
        if scene.said in self._questions and not scene.rest:
            return scene.said, ""
        if turn.payload or turn.media:
            return None, ""
        if reading is None:
            keyword = self.book.phrases.keyword(turn.text)
            is_question = keyword in self._questions and turn.words <= _QUESTION_WORDS
            return (keyword, "") if is_question else (None, "")
        if turn.words <= _QUESTION_WORDS and self._is_question(
            reading.intent.name, reading.intent.confidence
        ):
            return reading.intent.name, _before(scene)
        asked = [
            clause
            for clause in reading.clauses
            if len(clause.text.split()) <= _QUESTION_WORDS
            and self._is_question(clause.intent, clause.intent_confidence)
        ]
        if len(asked) != 1 or len(reading.clauses) < 2:
            return None, ""
        rest = turn.text[: asked[0].start] + turn.text[asked[0].end :]
        return asked[0].intent, rest.strip(" .,;\n")

    def _is_question(self, intent: str, confidence: float) -> bool:
        return intent in self._questions and confidence >= _SURE_OF_QUESTION

    def _answer_in_passing(self, scene: Scene, question: str) -> None:
        """The buttons are those of what goes on."""
        before = len(scene.replies)
        self._answer(scene, question)
        scene.replies[before:] = [
            replace(reply, buttons=()) for reply in scene.replies[before:]
        ]

    def _answer(self, scene: Scene, question: str) -> None:
        answer = self._flows["questions"]
        scene.said = question
        answer.open(scene)

    def _open(self, scene: Scene) -> bool:
        """What a message opens when nothing runs, or when the running flow has no use
        for it."""
        intent = self._intent(scene)
        if intent in self._questions:
            self._answer(scene, intent)
            return True
        if intent in self._openings and not (
            scene.state.frames and self._openings[intent] == scene.frame.flow
        ):
            if scene.state.frames and self._openings[intent] == "talk":
                return False
            self._flow_for(scene, intent).open(scene)
            return True
        return False

    def _flow_for(self, scene: Scene, intent: str) -> Flow:
        """The flow that an intent opens, or the one that takes over from it."""
        flow = self._flows[self._openings[intent]]
        instead = getattr(flow, "instead", None)
        other = instead(scene) if instead else None
        return self._flows[other] if other else flow

    def _answer_about(self, scene: Scene) -> bool:
        """What is written under a message of ours that speaks of one matter is about
        that: it is added, unless it asks for something else."""
        turn = scene.turn
        if turn.payload or scene.state.frames or scene.said not in _MAY_BE_ADDED:
            return False
        intent = self._intent(scene)
        if intent in self._questions or (
            intent in self._openings and intent not in _TELLS_MORE
        ):
            return False
        found = (m for m in scene.facts.matters() if m.code == turn.about)
        matter = next(found, None)
        if matter is None or not (matter.may_add and (turn.text or turn.media)):
            return False
        if matter.answer and scene.said:
            self._flows["rate"].open(scene)
            return True
        media = tuple(picture.id for picture in turn.media)
        scene.do(AddTo(matter.petition_id, turn.text, media))
        scene.say("utter_added", code=matter.code)
        return True

    def _intent(self, scene: Scene) -> str:
        turn, reading = scene.turn, scene.turn.reading
        if scene.said in self._questions or scene.said in self._openings:
            return scene.said or ""
        if (turn.media or turn.location) and not scene.state.frames:
            return "reopen_petition" if rate.is_not_done(scene) else "submit_petition"
        if reading is not None and reading.intent.confidence >= _SURE:
            is_more = not scene.state.frames and _greets_and_tells(turn, reading)
            return "submit_petition" if is_more else reading.intent.name
        if asked := self._only_asks(turn):
            return asked
        if keyword := self.book.phrases.keyword(turn.text):
            return keyword
        is_a_story = turn.words > 5 and not scene.state.frames
        return "submit_petition" if is_a_story else ""

    def _only_asks(self, turn: Turn) -> str | None:
        """The first question of a message that has nothing but questions in it."""
        clauses = turn.reading.clauses if turn.reading else ()
        asked = [c.intent for c in clauses if c.intent in self._questions]
        return asked[0] if asked and len(asked) == len(clauses) else None

    # -- voices -------------------------------------------------------------------

    def _mind_voice(self, scene: Scene) -> None:
        """Nobody understands a voice at once: the numbers for danger stand in the first
        line of the reply, and somebody can be asked to ring."""
        rendered = [
            self.book.texts.render(reply.response, {**reply.values})
            for reply in scene.replies
        ]
        if not self._in_secrecy(scene):
            self._offer_call(scene, [each.buttons for each in rendered])
        if not any(_POLICE in each.text for each in rendered):
            scene.replies.insert(0, Reply("utter_voice_waits"))

    def _in_secrecy(self, scene: Scene) -> bool:
        """Whether being rung would tell the Office who is there."""
        flow = scene.frame.flow if scene.state.frames else ""
        return scene.state.sealed or flow in _SECRET

    def _offer_call(
        self, scene: Scene, rendered: Sequence[tuple[tuple[str, str], ...]]
    ) -> None:
        """One button more, under the reply whose buttons are shown."""
        buttons = [
            own if reply.buttons is None else reply.buttons
            for reply, own in zip(scene.replies, rendered, strict=True)
        ]
        shown = max((n for n, each in enumerate(buttons) if each), default=-1)
        if _CALLS & {payload for _, payload in buttons[shown]}:
            return
        title = self.book.texts.render("utter_call_me", {}).text
        with_call = (*buttons[shown], (title, CALL_ME))
        scene.replies[shown] = replace(scene.replies[shown], buttons=with_call)

    # -- understanding ------------------------------------------------------------

    def _interpret(self, scene: Scene) -> str | None:
        """The choice or command in a turn: a tap, its words, or a known phrase."""
        turn, state = scene.turn, scene.state
        if turn.payload:
            return turn.payload
        text = turn.text
        if not text:
            return None
        found = self._spoken(state, text)
        if found and self._is_meant_by(scene, found):
            return found
        reading = turn.reading
        if (
            reading
            and turn.words <= _SHORT
            and not text[0].isdigit()
            and reading.says(*_SPOKEN_COMMANDS, at_least=_SURE)
            and self._is_meant(reading.intent.name, text)
        ):
            return reading.intent.name
        return self._lead(scene)

    def _is_for_few(self, said: str) -> bool:
        """Whether a command opens a flow that is not for everybody."""
        flow = self._openings.get(_bare_name(said))
        return flow is not None and hasattr(self._flows[flow], "is_for")

    def _is_theirs(self, scene: Scene, said: str) -> bool:
        """Whether a command is for this person."""
        if not self._is_for_few(said):
            return True
        flow: Any = self._flows[self._openings[_bare_name(said)]]
        return bool(flow.is_for(scene))

    def _is_meant_by(self, scene: Scene, said: str) -> bool:
        """While anything runs, the commands of a few are theirs alone: for others the
        same words ("please send") may answer a question."""
        return not scene.state.frames or self._is_theirs(scene, said)

    def _may_lead(self, scene: Scene, command: str) -> bool:
        return command not in _NEVER_LEAD and self._is_theirs(scene, command)

    def _is_meant(self, command: str, text: str) -> bool:
        """A correction says so: a name and a place alone are an answer, whatever the
        model makes of them."""
        return command != "correct" or self.book.phrases.corrects(text)

    def _spoken(self, state: State, text: str) -> str | None:
        """A choice by its words, all or an unmistakable part of them, or a command."""
        bare = _bare(text)
        titles = {_bare(choice.title): choice.payload for choice in state.choices}
        if bare in titles:
            return titles[bare]
        if command := self.book.phrases.command(text):
            return command
        if command := self.book.phrases.with_code(text):
            return command
        partly = [
            payload
            for title, payload in titles.items()
            if len(bare.split()) > 1 and f" {bare} " in f" {title} "
        ]
        return partly[0] if len(partly) == 1 else None

    def _lead(self, scene: Scene) -> str | None:
        """A yes, no or choice that opens a longer answer; the rest is kept."""
        head, found, rest = _head(scene.turn.text)
        if not found or not scene.state.choices:
            return None
        command = self._spoken(scene.state, head)
        reading = scene.turn.reading
        if command is None and reading and len(reading.clauses) > 1:
            first = reading.clauses[0]
            if first.intent in ("affirm", "deny") and first.intent_confidence >= _SURE:
                command, rest = first.intent, scene.turn.text[first.end :]
        if command is not None and self._may_lead(scene, command):
            scene.rest = rest.strip(" .,;\n")
            return command
        return None

    def _needs_model(self, scene: Scene) -> bool:
        """Whether only the model can tell what this turn wants."""
        if scene.said or scene.turn.signals or not scene.turn.text or scene.turn.media:
            return False
        if scene.state.frames:
            return False
        if scene.turn.edited and not edits.is_said_anew(scene.state, scene.turn):
            return False
        return self.book.phrases.keyword(scene.turn.text) is None

    # -- when nothing fits --------------------------------------------------------

    def _repeat(self, scene: Scene) -> None:
        if scene.state.frames:
            self._flows[scene.frame.flow].prompt(scene)
        else:
            scene.say("utter_menu")

    def _missed(self, scene: Scene) -> None:
        """First failure: ask again. Second: buttons. Third: a person."""
        scene.state.misses += 1
        misses = scene.state.misses
        if misses >= 3:
            scene.state.misses = 0
            self._flows["handoff"].open(scene)
        elif scene.affirmed() and not scene.state.frames and scene.state.noticed:
            scene.state.misses = 0
            scene.say("utter_thanks")
        elif misses == 2 or not scene.state.frames:
            scene.say(
                "utter_not_understood_menu" if misses > 1 else "utter_menu_unclear"
            )
        else:
            scene.say("utter_not_understood")
            self._flows[scene.frame.flow].prompt(scene)


_SPOKEN_COMMANDS = (
    "affirm",
    "deny",
    "cancel",
    "restart",
    "back",
    "correct",
    "resume",
    "talk_to_person",
    "follow_petition",
    "my_data",
    "delete_my_data",
)


_MAY_BE_ADDED = (None, "affirm", "deny")
_TELLS_MORE = ("submit_petition", "add_information")


_NEVER_LEAD = (
    "cancel",
    "restart",
    "greet",
    "thanks",
    "goodbye",
    "stop_notices",
    "want_notices",
    "stop_broadcasts",
    "want_broadcasts",
)


def _greets_and_tells(turn: Turn, reading: Reading) -> bool:
    """Whether a matter stands behind a greeting in the same message."""
    return (
        reading.intent.name == "greet"
        and turn.words > _CODE_WORDS
        and reading.kind.name in (Kind.KIEN_NGHI, Kind.PHAN_ANH)
        and reading.kind.confidence >= _SURE_OF_MATTER
    )


def _let_go(scene: Scene) -> None:
    """An offer that nobody has to answer does not wait behind something else."""
    if scene.state.frames and is_an_offer(scene.frame):
        scene.pop()


def _is_spoken(turn: Turn) -> bool:
    return any(picture.kind is MediaKind.VOICE for picture in turn.media)


def _bare_name(said: str | None) -> str:
    """The name of a button, without what it is about: "rate_done" of
    "rate_done/STH-…"."""
    return (said or "").split("/")[0]


def _head(text: str) -> tuple[str, bool, str]:
    """The words before the first stop, whether there is one, and the words after."""
    for at, character in enumerate(text):
        if character in ".,!;\n":
            return text[:at], True, text[at + 1 :]
    return text, False, ""


def _before(scene: Scene) -> str:
    """The choice that stands before a question: "the list. when does it end"."""
    return scene.turn.text.partition(scene.rest)[0] if scene.rest else ""


def _bare(text: str) -> str:
    """Folded letters and digits only, so that pictograms and case do not matter."""
    return " ".join("".join(c if c.isalnum() else " " for c in fold(text)).split())


def _with_text(turn: Turn, text: str) -> Turn:
    return replace(turn, text=text, reading=None, may_accuse=is_doubtful(turn))
