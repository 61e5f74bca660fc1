"""Hypothesis walks the engine at random, without any server."""

from datetime import timedelta
from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bootstrap import load_book
from bot.channels.base import MediaKind
from bot.conversation.effects import FilePetitions, Register
from bot.conversation.engine import Engine
from bot.conversation.flows import ALL, OPENINGS, QUESTIONS
from bot.conversation.reading import Clause, Label, Reading
from bot.conversation.state import State
from bot.conversation.turn import (
    ConferenceInfo,
    Hamlet,
    HamletMatter,
    Matter,
    Picture,
    Slip,
    Turn,
)
from bot.localities.profile import FIELDS, load_profile
from bot.localities.programme import SlipPlan, Topic
from bot.petitions.model import Kind
from bot.safety.rules import Danger, Signal
from bot.settings import ROOT
from tests.support.facts import MemoryFacts, run_step
from tests.support.talk import at

NOW = at("2025-12-01T19:42")
KINDS = [*(kind.value for kind in Kind), "none"]
TEXTS = [
    "u",
    "không",
    "thôi",
    "sửa",
    "quay lại",
    "làm lại",
    "tiếp tục",
    "2",
    "9",
    "2 tu cau treo chu khong phai suoi",
    "Lan 09051234o6",
    "0905123406",
    "0386 22 11 4",
    "dung",
    "gui",
    "Dinh Van Bay thon ra nhua 0386000144",
    "thon ra nhua",
    "duong hu qua xe khong di duoc",
    "1 den tat 2 karaoke on 3 ho so tre",
    "sth25 0001 n",
    "STH-25-0001-N",
    "STH-25-0001-K",
    "406",
    "20/10/2025",
    "31/02",
    "viec cua toi",
    "gặp cán bộ",
    "chào",
    "cảm ơn",
    "dung tin",
    "nhận tin",
    "dữ liệu của tôi",
    "cho hoi may gio hop",
    "gửi. vụ 2 đừng để tên t nha",
    "uk tách đi lẹ. quán A, 0977000245",
    "<script>alert(1)</script>",
    "'; DROP TABLE petition; --",
    "😀😀",
    "",
    " ",
    "Привет",
    "gửi giúp",
    "việc của thôn",
    "1",
    "báo giúp bà con: 12 hộ mất nước, danh sách đây",
    "11 hộ thôi, 1 hộ không chịu",
    "danh sách",
    "từ suối lên, hư từ đợt bão tháng 10",
    "x" * 3000,
]


@cache
def engine() -> Engine:
    return Engine(load_book(profile()), ALL, OPENINGS, QUESTIONS)


@cache
def profile():
    return load_profile(ROOT / "data" / "localities" / "son-tay-ha.yml")


def facts(full: bool, has_slip: bool = False) -> MemoryFacts:
    if not full:
        return MemoryFacts(NOW, profile())
    programme = profile().programmes[0].id
    starts_at = NOW + timedelta(days=11)
    matter = Matter(
        1,
        "STH-25-0001-N",
        "received",
        "van_phong",
        NOW,
        None,
        None,
        "đường",
        may_add=True,
    )
    return MemoryFacts(
        NOW,
        profile(),
        [
            ConferenceInfo(1, programme, starts_at, "Hội trường", 3, False),
            ConferenceInfo(2, programme, None, None, None, False),
        ],
        [matter],
        [Slip(1, "DK-25-0001-D", "confirmed", None, starts_at, None)] * has_slip,
        Hamlet("A Bloong", ("ra_nhua",), "thôn Ra Nhua"),
        [
            HamletMatter("ab12", None, None, status, "van_phong", NOW, None, None)
            for status in ("received", "in_hand", "answered") * 2
        ],
    )


INTENTS = sorted({*OPENINGS, *QUESTIONS, "affirm", "deny"} - {"cancel"})
CONFIDENCES = [0.1, 0.4, 0.6, 0.8, 0.99]
ANSWERS = [
    "gui",
    "dung",
    "Đinh Thị Thảo",
    "0905123406",
    "thon ra nhua",
    "có",
    "không",
    "duong vao thon hu qua xe khong di duoc",
    "từ tết",
    "gần nhà ông Bảy",
    "20/10/2025",
]


def ranking(random: Random) -> tuple[tuple[str, float], ...]:
    likeliest = random.sample(sorted(FIELDS), random.choice([0, 1, 3, 5]))
    return tuple((name, 0.2) for name in likeliest)


def reading(random: Random, text: str) -> Reading | None:
    if not text.strip() or random.random() < 0.4:
        return None
    half = max(1, len(text) // 2)
    clauses = tuple(
        Clause(
            text=text[start:end],
            start=start,
            end=end,
            number=random.choice([None, None, 1, 2]),
            intent=random.choice(INTENTS),
            intent_confidence=random.choice(CONFIDENCES),
            kind=random.choice(KINDS),
            kind_confidence=random.choice(CONFIDENCES),
            field=random.choice(sorted(FIELDS)),
            field_confidence=random.choice(CONFIDENCES),
            field_ranking=ranking(random),
        )
        for start, end in ((0, half), (half, len(text)))
    )
    return Reading(
        intent=Label(
            name=random.choice(INTENTS), confidence=random.choice(CONFIDENCES)
        ),
        kind=Label(name=random.choice(KINDS), confidence=random.choice(CONFIDENCES)),
        field=Label(
            name=random.choice(sorted(FIELDS)), confidence=random.choice(CONFIDENCES)
        ),
        field_ranking=ranking(random),
        clauses=clauses,
    )


def turn(random: Random, state: State) -> Turn:
    luck = random.random()
    if state.choices and luck < 0.35:
        return Turn(now=NOW, payload=random.choice(state.choices).payload)
    if luck < 0.6:
        return Turn(now=NOW, text=random.choice(ANSWERS))
    text = random.choice(TEXTS).strip()
    signals = (
        frozenset({random.choice(list(Signal))})
        if random.random() < 0.05
        else frozenset()
    )
    rare = random.random() < 0.2
    if random.random() < 0.1:
        return edit(random, state, text, signals)
    return Turn(
        now=NOW,
        text=text,
        continuation=random.choice(["còn nữa", "0905123406"]) if rare else "",
        payload=random.choice(["raise", "field:y_te", "x"])
        if random.random() < 0.05
        else None,
        media=(Picture(1, random.choice(list(MediaKind))),)
        if random.random() < 0.15
        else (),
        phone=random.choice(["0905123406", "12"]) if random.random() < 0.05 else None,
        location=(15.1, 108.2) if random.random() < 0.05 else None,
        venue=random.choice(["", text]),
        about=random.choice(["STH-25-0001-N", "STH-25-0002-C"]) if rare else None,
        sticker=random.random() < 0.1,
        messages=((str(random.randrange(10**6)), text),),
        signals=signals,
        danger=Danger.FIRE if Signal.DANGER in signals else None,
        reading=reading(random, text),
    )


def edit(random: Random, state: State, text: str, signals: frozenset[Signal]) -> Turn:
    """Of a message that was taken, or of one that nobody knows."""
    message = random.choice([*state.said, "unknown"])
    return Turn(
        now=NOW,
        text=state.with_edit(message, text),
        messages=((message, text),),
        edited=True,
        message=message,
        signals=signals,
        reading=reading(random, text),
    )


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), full=st.booleans(), steps=st.integers(1, 40))
def test_no_walk_ends_in_an_error_silence_or_half_a_petition(
    seed: int, full: bool, steps: int
) -> None:
    random, state, known = Random(seed), State(), facts(full)
    for _ in range(steps):
        taken = turn(random, state)
        state, replies, effects = run_step(engine(), state, taken, known)
        assert replies or taken.edited, "every turn is answered"
        state = State.model_validate_json(state.model_dump_json())
        for effect in effects:
            if isinstance(effect, FilePetitions):
                assert effect.drafts
                assert all(draft.content.strip() for draft in effect.drafts)
            if isinstance(effect, Register):
                assert effect.name
                assert effect.phone.startswith("+84")
                assert effect.address
                assert effect.petition
                assert effect.petition.content.strip()


@cache
def firms() -> tuple[Engine, MemoryFacts]:
    """A conference of enterprises whose plan lists contents."""
    of = load_profile(ROOT / "data" / "localities" / "tan-yen.yml")
    [programme] = of.programmes
    plan = programme.conference_plan("doanh_nghiep")
    topics = tuple(Topic(id=f"t{n}", label=f"Nội dung {n}") for n in range(4))
    slip = SlipPlan(fields=plan.slip.fields, topics=topics)
    plan = plan.model_copy(update={"slip": slip})
    programme = programme.model_copy(update={"conferences": (plan,)})
    of = of.model_copy(update={"programmes": (programme,)})
    conference = ConferenceInfo(1, programme.id, None, None, None, False, plan.id)
    book = load_book(of)
    return Engine(book, ALL, OPENINGS, QUESTIONS), MemoryFacts(NOW, of, [conference])


SAID_BY_FIRMS = [
    "9900000009",
    "mst 9900000001, giám đốc Trần Văn Bình dự",
    "0912000338, 640 công nhân",
    "Cty TNHH May Đại Lâm",
    "1 đường ngập 2 xe tải trễ hàng 3 bên thuế kiểm tra hoài",
    "nd 2 không nêu tên",
    "bỏ nd 1",
    "8 nước yếu",
    "7",
    "quay lại",
    "sửa",
    "bỏ qua",
    "2",
    "gửi",
]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 40))
def test_no_walk_of_an_enterprise_files_half_a_slip(seed: int, steps: int) -> None:
    random, state = Random(seed), State()
    engine, known = firms()
    for step in range(steps):
        taken = turn(random, state)
        if step == 0:
            taken = Turn(now=NOW, payload="register_conference")
        elif random.random() < 0.7 and not taken.payload:
            taken = Turn(now=NOW, text=random.choice(SAID_BY_FIRMS))
        state, replies, effects = run_step(engine, state, taken, known)
        assert replies or taken.edited, "every turn is answered"
        state = State.model_validate_json(state.model_dump_json())
        for effect in effects:
            if isinstance(effect, Register):
                assert effect.name
                assert effect.phone.startswith("+84")
                assert effect.contents
                for content in effect.contents:
                    assert content.petition.content.strip()
                    assert content.topic


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 25))
def test_cancel_leads_out_of_wherever_a_walk_has_led(seed: int, steps: int) -> None:
    random, state, known = Random(seed), State(), facts(full=True)
    for _ in range(steps):
        state, _, _ = run_step(engine(), state, turn(random, state), known)

    for _ in range(len(state.frames)):
        state, replies, _ = run_step(engine(), state, Turn(now=NOW, text="thôi"), known)
        assert replies

    assert not state.frames
