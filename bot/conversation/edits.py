"""Messages that are changed after they were sent.

Words that still stand in a draft are read anew there. Words of something that was filed
become a supplement of it: what was filed stays as it was. What became of each message
is remembered by the platform's id of it, as long as people may edit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.conversation.effects import (
    AddTo,
    Disregard,
    Outcome,
    PetitionsFiled,
    Purge,
    Rate,
    Registered,
    Seal,
)
from bot.conversation.scene import Scene
from bot.conversation.state import Frame, Heard, Said, State
from bot.conversation.turn import Turn

_REMEMBERED = 60
"""Messages of a conversation."""
_IN_A_DRAFT = 30
"""Turns of a draft."""


def is_unchanged(state: State, turn: Turn) -> bool:
    """Platforms also call it an edit when only something changed that nobody sees."""
    known = state.said.get(turn.message or "")
    if not turn.edited or turn.media or known is None:
        return False
    return known.mark == _mark(dict(turn.messages)[turn.message or ""])


def is_said_anew(state: State, turn: Turn) -> bool:
    """Whether an edit is all that counts of its message."""
    known = state.said.get(turn.message or "")
    return known is not None and not known.codes and not known.used


def take(scene: Scene, flows: Mapping[str, Any]) -> bool:
    """Take a changed message; false when it counts as if it were said now."""
    turn, state = scene.turn, scene.state
    if not turn.edited:
        return False
    message = turn.message or ""
    known = state.said.get(message)
    if state.frames and hasattr(flows[scene.frame.flow], "seals_what_is_said"):
        return False
    if known is None:
        _disregard(scene)
    elif known.codes:
        _supplement(scene, known.codes)
    elif (found := _find(state, message)) is not None:
        return _change(scene, flows, found, message)
    elif known.used or state.frames:
        scene.say("utter_edited")
    else:
        return _as_said(scene)
    _ask_on(scene, flows)
    return True


def note(scene: Scene, before: State, turn: Turn) -> None:
    """Remember what became of the messages of a turn."""
    state = scene.state
    kinds = {type(effect) for effect in scene.effects}
    if Seal in kinds:
        state.said.clear()
        for frame in state.frames:
            frame.heard.clear()
        return
    if Purge in kinds:
        state.said = {m: said for m, said in state.said.items() if said.codes}
        return
    if Disregard in kinds:
        return
    codes = _added_to(scene)
    for message, words in turn.messages:
        old = state.said.pop(message, None)
        state.said[message] = Said(
            mark=_mark(words),
            codes=codes or (old.codes if old else []),
            used=bool(kinds) or bool(old and old.used),
        )
    state.said = dict(list(state.said.items())[-_REMEMBERED:])
    for place, frame in enumerate(state.frames):
        earlier = before.frames[place] if place < len(before.frames) else None
        if earlier is not None and earlier.flow != frame.flow:
            earlier = None
        was_asked = place == len(before.frames) - 1
        _note_in(frame, earlier, scene, turn, was_asked=was_asked)


def note_filed(state: State, frame: Frame, outcome: Outcome) -> None:
    """The words of a draft are in a petition now."""
    if isinstance(outcome, PetitionsFiled):
        codes = [filed.code for filed in outcome.petitions]
    elif isinstance(outcome, Registered) and outcome.petition_code:
        codes = [outcome.petition_code]
    else:
        return
    for heard in frame.heard:
        if heard.slots or frame.form is None:
            for message in heard.words:
                if said := state.said.get(message):
                    said.codes = codes if heard.whole else []
                    said.used = True
    frame.heard.clear()


# -- what becomes of a change ---------------------------------------------------------


def _change(
    scene: Scene, flows: Mapping[str, Any], found: tuple[int, Heard], message: str
) -> bool:
    """In the draft that holds the words, which may be paused under something else."""
    state, turn = scene.state, scene.turn
    place, heard = found
    above, frame = state.frames[place + 1 :], state.frames[place]
    order = list(frame.answered)
    if not above and _is_said_again(frame, heard, message):
        return _as_said(scene)
    change = getattr(flows[frame.flow], "changed", None)
    del state.frames[place + 1 :]
    changed = heard.whole and change is not None and change(scene, heard, turn.text)
    frame.answered.sort(key=lambda s: order.index(s) if s in order else len(order))
    if above:
        frame.data.pop("doubt", None)
    state.frames += above
    if not changed:
        scene.say("utter_edited")
    _ask_on(scene, flows)
    return True


def _is_said_again(frame: Frame, heard: Heard, message: str) -> bool:
    """Whether a flow can just take it once more: it was no answer yet and the flow
    still asks the same, it corrects a line, or it had no words."""
    asks_the_same = (heard.step, heard.asking) == (frame.step, frame.asking)
    was_no_answer = not heard.slots or heard.asking is None
    return (asks_the_same and was_no_answer) or not heard.words[message]


def _supplement(scene: Scene, codes: Sequence[str]) -> None:
    matters = [m for m in scene.facts.matters() if m.code in codes and m.may_add]
    if not matters:
        scene.say("utter_edited")
        return
    media = tuple(picture.id for picture in scene.turn.media)
    for matter in matters:
        scene.do(AddTo(matter.petition_id, scene.turn.text, media))
        media = ()
    scene.say("utter_edit_added", code=", ".join(m.code for m in matters))


def _disregard(scene: Scene) -> None:
    """Its first version is not here any more, or was never known: purged or sealed. The
    new one is not kept either."""
    scene.say("utter_edited")
    scene.do(Disregard(tuple(picture.id for picture in scene.turn.media)))


def _as_said(scene: Scene) -> bool:
    scene.turn = replace(scene.turn, edited=False)
    return False


def _ask_on(scene: Scene, flows: Mapping[str, Any]) -> None:
    """Ask again what a form was asking, unless it has just asked something."""
    state = scene.state
    if state.frames and scene.frame.form and "doubt" not in scene.frame.data:
        flows[scene.frame.flow].prompt(scene)


# -- what is remembered ---------------------------------------------------------------


def _find(state: State, message: str) -> tuple[int, Heard] | None:
    """The draft that heard a message, the newest first."""
    for place in range(len(state.frames) - 1, -1, -1):
        heard = state.frames[place].heard_in(message)
        if heard is not None:
            return place, heard
    return None


def _note_in(
    frame: Frame, earlier: Frame | None, scene: Scene, turn: Turn, *, was_asked: bool
) -> None:
    filled = [
        slot
        for slot, answer in frame.slots.items()
        if earlier is None or earlier.slots.get(slot) != answer
    ]
    known = frame.heard_in(turn.message or "") if turn.edited else None
    if known is not None:
        known.words |= dict(turn.messages)
        _take_from_others(frame, filled, known)
        mine = {*known.slots, *filled}
        known.slots = [slot for slot in frame.slots if slot in mine]
    elif not turn.messages:
        _note_tap(frame, filled)
    elif filled or was_asked or earlier is None:
        _note_words(frame, earlier, scene, turn, filled)


def _note_words(
    frame: Frame, earlier: Frame | None, scene: Scene, turn: Turn, filled: list[str]
) -> None:
    words = dict(turn.messages)
    for slot in list(filled):
        before = earlier.value(slot) if earlier else None
        now = frame.value(slot)
        source = next((each for each in frame.heard if slot in each.slots), None)
        is_more = isinstance(before, str) and str(now).startswith(f"{before}\n")
        if source is not None and is_more:
            source.words |= words
            filled.remove(slot)
            words = {}
    if not words:
        return
    heard = Heard(
        words=words,
        step=earlier.step if earlier else "",
        asking=earlier.asking if earlier else None,
        slots=filled,
        whole=_joined(words) in (scene.turn.text, scene.turn.continuation),
    )
    _take_from_others(frame, filled, heard)
    frame.heard = [*frame.heard, heard][-_IN_A_DRAFT:]


def _note_tap(frame: Frame, filled: Sequence[str]) -> None:
    """ "Yes, that number": the words were said before."""
    for slot in filled:
        said = [heard for heard in frame.heard if heard.asking == slot]
        if said and slot not in said[-1].slots:
            said[-1].slots.append(slot)


def _take_from_others(frame: Frame, filled: Sequence[str], mine: Heard) -> None:
    """What fills a slot last is where its words are."""
    for heard in frame.heard:
        if heard is not mine:
            heard.slots = [slot for slot in heard.slots if slot not in filled]


def _added_to(scene: Scene) -> list[str]:
    """The codes of what the words of this turn were added to."""
    ids = {e.petition_id for e in scene.effects if isinstance(e, AddTo | Rate)}
    return (
        [m.code for m in scene.facts.matters() if m.petition_id in ids] if ids else []
    )


def _joined(words: Mapping[str, str]) -> str:
    return "\n".join(text for text in words.values() if text)


def _mark(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]
