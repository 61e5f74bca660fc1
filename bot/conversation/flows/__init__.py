"""One module a task. ``ALL`` is the table that the engine works from."""

from bot.conversation.audience import TURNED_AWAY, TurnedAwayFlow
from bot.conversation.flows.changes import AddFlow, CancelSlipFlow, WithdrawFlow
from bot.conversation.flows.complaint import ComplaintFlow
from bot.conversation.flows.danger import DangerFlow, SealedDangerFlow
from bot.conversation.flows.enterprise import EnterpriseFlow
from bot.conversation.flows.follow import FollowFlow
from bot.conversation.flows.hamlet import TAPPED as HAMLET
from bot.conversation.flows.hamlet import HamletFlow
from bot.conversation.flows.handoff import CALL_ME, HandoffFlow
from bot.conversation.flows.heard import TAPPED as HEARD
from bot.conversation.flows.heard import HeardFlow
from bot.conversation.flows.households import FILE, HouseholdsFlow
from bot.conversation.flows.join import JOIN, LEAVE, JoinFlow
from bot.conversation.flows.link import (
    LINK,
    PREFERS,
    UNLINK,
    LinkFlow,
    PairFlow,
    PreferFlow,
    UnlinkFlow,
)
from bot.conversation.flows.my_data import EraseFlow, MyDataFlow
from bot.conversation.flows.notices import NOTICES, NoticesFlow
from bot.conversation.flows.petition import PetitionFlow
from bot.conversation.flows.picture_card import CANNOT_READ
from bot.conversation.flows.questions import QUESTIONS, QuestionsFlow
from bot.conversation.flows.rate import TAPPED, RateFlow
from bot.conversation.flows.register import RegisterFlow
from bot.conversation.flows.sealed import (
    DenunciationFlow,
    ProtectionFlow,
    SelfHarmFlow,
)
from bot.conversation.flows.seat import TAPPED as SEAT
from bot.conversation.flows.seat import SeatFlow
from bot.conversation.flows.start import START, StartFlow
from bot.conversation.flows.talk import TALK, TalkFlow
from bot.conversation.linking import LINKED, TYPED, LinkedFlow

ALL = {
    flow.name: flow
    for flow in (
        AddFlow(),
        CancelSlipFlow(),
        ComplaintFlow(),
        DangerFlow(),
        DenunciationFlow(),
        EnterpriseFlow(),
        EraseFlow(),
        FollowFlow(),
        HamletFlow(),
        HandoffFlow(),
        HouseholdsFlow(),
        HeardFlow(),
        JoinFlow(),
        LinkFlow(),
        LinkedFlow(),
        MyDataFlow(),
        NoticesFlow(),
        PairFlow(),
        PetitionFlow(),
        PreferFlow(),
        ProtectionFlow(),
        QuestionsFlow(),
        RateFlow(),
        RegisterFlow(),
        SealedDangerFlow(),
        SeatFlow(),
        SelfHarmFlow(),
        StartFlow(),
        TalkFlow(),
        TurnedAwayFlow(),
        UnlinkFlow(),
        WithdrawFlow(),
    )
}

OPENINGS = {
    "add_information": "add",
    "cancel_registration": "cancel_slip",
    "delete_my_data": "erase",
    "file_complaint": "complaint",
    "follow_petition": "follow",
    "my_data": "my_data",
    "register_conference": "register",
    "rate_reply": "rate",
    "reopen_petition": "rate",
    "submit_petition": "petition",
    "talk_to_person": "handoff",
    "withdraw_petition": "withdraw",
    FILE: HouseholdsFlow.name,
    CALL_ME: "handoff",
    CANNOT_READ: PetitionFlow.name,
    LINKED: LinkedFlow.name,
    TURNED_AWAY: TurnedAwayFlow.name,
    **dict.fromkeys(HAMLET, HamletFlow.name),
    LINK: LinkFlow.name,
    TYPED: PairFlow.name,
    UNLINK: UnlinkFlow.name,
    **dict.fromkeys(PREFERS, PreferFlow.name),
    START: StartFlow.name,
    **dict.fromkeys(NOTICES, NoticesFlow.name),
    **dict.fromkeys((JOIN, LEAVE), "join"),
    **dict.fromkeys(TAPPED, "rate"),
    **dict.fromkeys(HEARD, HeardFlow.name),
    **dict.fromkeys(SEAT, SeatFlow.name),
    **dict.fromkeys(TALK, "talk"),
}

__all__ = ["ALL", "OPENINGS", "QUESTIONS"]
