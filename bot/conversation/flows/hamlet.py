"""A hamlet head's part: the matters of his hamlets, without anybody's name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.clock import today
from bot.conversation.effects import TellHamlet
from bot.conversation.scene import Scene
from bot.conversation.turn import Conclusion, HamletMatter
from bot.petitions.life import Stage

MENU, MATTERS, ONE = "hamlet_menu", "hamlet_matters", "hamlet_one"
POST, TOLD = "hamlet_post", "hamlet_told"
TAPPED = (MENU, MATTERS, ONE, POST, TOLD)
_SHOWN = 4
"""Matters in one message: with the button for more they are five."""

_EVERYTHING = "all"

_Button = tuple[str, str]


class HamletFlow:
    """One answer a turn; whatever runs is paused, not ended."""

    name = "hamlet"

    def is_for(self, scene: Scene) -> bool:
        """Hamlet heads alone."""
        return scene.facts.hamlet() is not None

    def open(self, scene: Scene) -> None:
        """What was asked for; to others that this part is not theirs."""
        said, _, rest = (scene.said or "").partition("/")
        if not self.is_for(scene):
            scene.say("utter_hamlet_only")
        elif said == MATTERS:
            _list(scene, int(rest) if rest.isdigit() else 1)
        elif said == ONE:
            _show(scene, rest)
        elif said == POST:
            _post(scene)
        elif said == TOLD:
            _told(scene, rest)
        else:
            menu(scene)
        if scene.state.frames:
            _offer_resume(scene, silently=said == POST)

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""


def menu(scene: Scene) -> None:
    """What a head may do here."""
    hamlet = scene.facts.hamlet()
    scene.state.introduced = True
    scene.say("utter_hamlet_menu", hamlet=hamlet.label if hamlet else None)


def _list(scene: Scene, page: int) -> None:
    """A page of what is open; a number opens one."""
    matters = [each for each in scene.facts.hamlet_matters() if each.is_open]
    waiting = "; ".join(line for _, line in _untold(scene)[:_SHOWN])
    if not matters:
        scene.say("utter_hamlet_nothing", hamlet=_hamlet(scene), untold=waiting)
        return
    first = (page - 1) * _SHOWN
    if first >= len(matters):
        first = 0
    shown = matters[first : first + _SHOWN]
    lines, buttons = _numbered(scene, shown, first)
    if len(matters) > first + _SHOWN:
        more = scene.book.texts.render("utter_hamlet_more", {}).text
        buttons.append((more, f"{MATTERS}/{first // _SHOWN + 2}"))
    elif waiting:
        told = scene.book.texts.render("utter_hamlet_told_button", {}).text
        buttons.append((told, TOLD))
    scene.offer(
        "utter_hamlet_matters",
        buttons,
        hamlet=_hamlet(scene),
        day=today(scene.turn.now),
        count=len(matters),
        lines="\n".join(lines),
        untold=waiting,
    )


def _numbered(
    scene: Scene, matters: Sequence[HamletMatter], first: int
) -> tuple[list[str], list[_Button]]:
    lines, buttons = [], []
    for number, matter in enumerate(matters, first + 1):
        line = scene.book.texts.render(
            "utter_hamlet_line",
            {
                "number": number,
                "subject": _subject(scene, matter),
                "status": _status(scene, matter),
                "received_at": matter.received_at,
            },
        )
        lines.append(line.text)
        buttons.append((str(number), f"{ONE}/{matter.ref}"))
    return lines, buttons


def _show(scene: Scene, ref: str) -> None:
    """One matter; the code, the words and the answer only of what he filed."""
    found = (each for each in scene.facts.hamlet_matters() if each.ref == ref)
    matter = next(found, None)
    if matter is None:
        scene.say("utter_hamlet_gone")
        return
    scene.say(
        "utter_hamlet_matter",
        code=matter.code,
        subject=_subject(scene, matter),
        households=matter.households,
        joined=matter.joined,
        status=matter.status,
        unit=_unit(scene, matter),
        received=today(matter.received_at),
        due=matter.due,
        basis=matter.basis,
        promised=matter.promised_on,
        reply_due=matter.reply_due,
        reply_basis=matter.reply_basis,
        outcome=_outcome(scene, matter),
        answer=matter.answer,
    )


def _untold(scene: Scene) -> list[tuple[str, str]]:
    """Of what the hamlet is still to be told: its ref and how it is called. What others
    sent of their own is nobody's news."""
    matters = [
        (matter.ref, _line(scene, "utter_hamlet_answer", matter))
        for matter in scene.facts.hamlet_matters()
        if matter.outcome and matter.subject and not matter.is_told
    ]
    conclusions = [
        (each.ref, _conclusion(scene, each)) for each in scene.facts.conclusions()
    ]
    return conclusions + matters


def _conclusion(scene: Scene, conclusion: Conclusion) -> str:
    values = {"day": today(conclusion.held_at)}
    return scene.book.texts.render("utter_hamlet_conclusion", values).text


def _told(scene: Scene, ref: str) -> None:
    """He told them of one thing, or of everything; of several he says which."""
    untold = _untold(scene)
    if ref and ref != _EVERYTHING:
        untold = [each for each in untold if each[0] == ref]
    if not untold:
        scene.say("utter_hamlet_nothing_to_tell")
    elif len(untold) == 1 or ref == _EVERYTHING:
        scene.do(TellHamlet(tuple(ref for ref, _ in untold)))
        what = "; ".join(line for _, line in untold)
        scene.say("utter_hamlet_told", what=what, at=scene.turn.now)
    else:
        shown = list(enumerate(untold[:_SHOWN], 1))
        everything = scene.book.texts.render("utter_hamlet_told_all", {}).text
        scene.offer(
            "utter_ask_hamlet_told",
            [
                *((str(n), f"{TOLD}/{ref}") for n, (ref, _) in shown),
                (everything, f"{TOLD}/{_EVERYTHING}"),
            ],
            lines="\n".join(f"{n}. {line}" for n, (_, line) in shown),
        )


def _post(scene: Scene) -> None:
    """A message to be copied as it is: no name, no code, nothing of one household."""
    matters, hamlet = scene.facts.hamlet_matters(), scene.facts.hamlet()
    dated = [c for c in scene.facts.conferences() if c.starts_at and not c.trial]
    answered = [each for each in matters if not each.is_open]
    values = {
        "answered": _topics(scene, answered),
        "in_hand": _topics(scene, [m for m in matters if m.status == Stage.IN_HAND]),
        "received": _topics(scene, [m for m in matters if m.status == Stage.RECEIVED]),
        "starts_at": dated[0].starts_at if dated else None,
        "venue": dated[0].place if dated else None,
    }
    is_empty = not any(values.values())
    scene.say(
        "utter_hamlet_post_empty" if is_empty else "utter_hamlet_post",
        hamlet=hamlet.label if hamlet else None,
        day=today(scene.turn.now),
        **values,
    )


def _topics(scene: Scene, matters: Sequence[HamletMatter]) -> str | None:
    """What may be said of them to everybody, the same things counted."""
    said = Counter(_topic(scene, matter) for matter in matters if matter.topic)
    return "; ".join(f"{topic} ({n})" if n > 1 else topic for topic, n in said.items())


def _topic(scene: Scene, matter: HamletMatter) -> str:
    return _line(scene, "utter_hamlet_topic", matter)


def _line(scene: Scene, response: str, matter: HamletMatter) -> str:
    return scene.book.texts.render(
        response,
        {
            "topic": matter.topic,
            "subject": matter.subject,
            "households": matter.households,
            "outcome": _outcome(scene, matter),
            "filed": matter.households is not None,
            "replied": matter.outcome is not None,
        },
    ).text


def _hamlet(scene: Scene) -> str | None:
    hamlet = scene.facts.hamlet()
    return f"{hamlet.label[:1].upper()}{hamlet.label[1:]}" if hamlet else None


def _subject(scene: Scene, matter: HamletMatter) -> str:
    other = scene.book.texts.render("utter_hamlet_other", {}).text
    return matter.subject or other


def _unit(scene: Scene, matter: HamletMatter) -> str:
    """Who handles it; where that would tell what it is about, only that it is."""
    profile = scene.facts.profile
    own = profile.self_name[:1].upper() + profile.self_name[1:]
    return profile.unit(matter.unit_id).name if matter.subject else own


def _status(scene: Scene, matter: HamletMatter) -> str:
    return scene.book.texts.render("utter_status", {"status": matter.status}).text


def _outcome(scene: Scene, matter: HamletMatter) -> str | None:
    if matter.outcome is None:
        return None
    values = {"outcome": matter.outcome}
    return scene.book.texts.render("utter_hamlet_outcome", values).text


def _offer_resume(scene: Scene, *, silently: bool) -> None:
    """What was under way is still there; the buttons of the answer stay."""
    last = scene.replies[-1]
    buttons = last.buttons
    if buttons is None:
        buttons = scene.book.texts.render(last.response, last.values).buttons
    again = scene.book.texts.render("utter_offer_resume", {}).buttons[:1]
    buttons = (*buttons[:_SHOWN], *again)
    if silently:
        scene.replies[-1] = replace(last, buttons=buttons)
    else:
        scene.offer("utter_offer_resume", buttons)
