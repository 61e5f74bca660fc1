"""What a step wants done. The turn's runner does it in the turn's transaction and
hands the outcome back to the flow that asked."""

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.petitions.model import Kind, Rating


@dataclass(frozen=True)
class PetitionDraft:
    """A matter that its resident confirmed."""

    content: str
    kind: Kind
    field: str
    field_confidence: float | None = None
    runner_up: str | None = None
    field_chosen: bool = False
    evidence: tuple[str, ...] = ()
    model_version: str | None = None
    area_id: str | None = None
    answers: tuple[tuple[str, str, str], ...] = ()
    """(slot, label, shown) of every answered line."""
    name: str | None = None
    phone: str | None = None
    media: tuple[int, ...] = ()
    hide_name: bool = False
    voice_only: bool = False
    """The content only says that a voice message came."""
    raised_in: str = "chat"
    programme_id: str | None = None
    households: int | None = None
    """For how many its sender speaks."""
    lists: tuple[int, ...] = ()
    """Files that name other people."""
    received_at: datetime | None = None
    """When it came, if that was before it is filed."""


@dataclass(frozen=True)
class FilePetitions:
    """File these; outcome ``PetitionsFiled``."""

    drafts: tuple[PetitionDraft, ...]


@dataclass(frozen=True)
class SlipContent:
    """One of several contents of a slip: to which topic of the plan it belongs, and
    whether the hall is not told who raises it."""

    petition: PetitionDraft
    topic: str | None = None
    unnamed: bool = False


@dataclass(frozen=True)
class Register:
    """File a slip, and its content as a petition, or each of its ``contents``; outcome
    ``Registered``."""

    conference_id: int
    name: str
    phone: str
    address: str
    wants_to_speak: bool
    answers: tuple[tuple[str, str, str], ...]
    petition: PetitionDraft | None
    contents: tuple[SlipContent, ...] = ()


@dataclass(frozen=True)
class CancelSlip:
    """Give the seat back; the petition stays."""

    registration_id: int


@dataclass(frozen=True)
class TakeSeat:
    """Take the seat that was offered, or wait for another; outcome ``SeatAnswered``."""

    registration_id: int


@dataclass(frozen=True)
class Withdraw:
    """Withdraw an own petition."""

    petition_id: int


@dataclass(frozen=True)
class RaiseAt:
    """Raise own petitions at a conference as well."""

    codes: tuple[str, ...]
    conference_id: int


@dataclass(frozen=True)
class AddTo:
    """Add words and files to an own petition."""

    petition_id: int
    text: str
    media: tuple[int, ...]


@dataclass(frozen=True)
class Rate:
    """The word on a reply: done, or what is still to be done, which takes the petition
    up anew."""

    petition_id: int
    rating: Rating
    text: str = ""
    media: tuple[int, ...] = ()


@dataclass(frozen=True)
class Join:
    """A household joins (or ``leaves``) somebody's matter by its code; ``Joined``."""

    code: str
    leaves: bool = False


@dataclass(frozen=True)
class LookUp:
    """Stage and dates of a code for who knows its second factor; ``LookedUp``."""

    code: str
    secret: str


@dataclass(frozen=True)
class Alarm:
    """Push the duty seat: danger told in this conversation. Without ``text``, when the
    words are sealed, it hears what kind of ``danger`` it is."""

    text: str
    danger: str = "other"


@dataclass(frozen=True)
class AddToAlarm:
    """More about the danger that was pushed last."""

    text: str
    location: tuple[float, float] | None = None


@dataclass(frozen=True)
class AskForCall:
    """Somebody is to ring the resident back."""

    phone: str | None
    note: str = ""


@dataclass(frozen=True)
class AddToCall:
    """In which language and when to ring who has just asked for it."""

    language: str = ""
    hours: str = ""


@dataclass(frozen=True)
class SettleVoice:
    """The sender's word on what was heard in an own voice message."""

    petition_id: int
    is_right: bool


@dataclass(frozen=True)
class Seal:
    """Move the words of this turn and the running draft to the sealed lane, and
    destroy every readable copy."""


@dataclass(frozen=True)
class Purge:
    """Destroy what the resident sent and did not file."""


@dataclass(frozen=True)
class Guided:
    """Record that a person was guided (a complaint), without the story."""

    topic: str


@dataclass(frozen=True)
class RequestData:
    """A data-subject request, answered by a person; ``erase`` or show."""

    erase: bool


@dataclass(frozen=True)
class WantNotices:
    """Whether progress and reminders are wanted in this chat."""

    wanted: bool


@dataclass(frozen=True)
class MakeLinkCode:
    """A one-time code for linking another chat; outcome ``LinkCodeMade``."""


@dataclass(frozen=True)
class LinkChats:
    """Link as the code says that was typed here last; outcome ``ChatsLinked``."""


@dataclass(frozen=True)
class UnlinkChats:
    """Every chat of this person is by itself again, and is told."""


@dataclass(frozen=True)
class Prefer:
    """Write to this person on that channel first."""

    channel: str


@dataclass(frozen=True)
class TellHamlet:
    """A hamlet head has told his hamlets of these."""

    refs: tuple[str, ...]


@dataclass(frozen=True)
class WantBroadcasts:
    """Whether what is told to everybody is wanted in this chat."""

    wanted: bool


@dataclass(frozen=True)
class DropMedia:
    """Delete files of the running draft."""

    media: tuple[int, ...] = ()


@dataclass(frozen=True)
class Disregard:
    """Keep nothing of the words and files of this turn."""

    media: tuple[int, ...] = ()


Effect = (
    FilePetitions
    | Register
    | CancelSlip
    | TakeSeat
    | Withdraw
    | RaiseAt
    | AddTo
    | Rate
    | Join
    | LookUp
    | Alarm
    | AddToAlarm
    | AskForCall
    | AddToCall
    | SettleVoice
    | Seal
    | Purge
    | Guided
    | RequestData
    | DropMedia
    | TellHamlet
    | Disregard
    | WantNotices
    | MakeLinkCode
    | LinkChats
    | UnlinkChats
    | Prefer
    | WantBroadcasts
)


@dataclass(frozen=True)
class FiledPetition:
    """What became of a draft."""

    code: str
    unit_id: str
    sure: bool
    received_at: datetime
    intake_due: date | None
    intake_basis: str | None
    pin: str | None = None
    hide_name: bool = False
    outside_unit_id: str | None = None
    """A unit outside the authority that has a part in it; the Office keeps track."""


@dataclass(frozen=True)
class PetitionsFiled:
    """Outcome of ``FilePetitions``, in the order of the drafts."""

    petitions: tuple[FiledPetition, ...]


@dataclass(frozen=True)
class Registered:
    """Outcome of ``Register``."""

    code: str
    position: int | None
    starts_at: datetime | None
    petition_code: str | None
    contents: int = 0
    """How many petitions were filed with it, where there may be several."""


@dataclass(frozen=True)
class SeatAnswered:
    """Outcome of ``TakeSeat``: where the slip stands now."""

    code: str
    status: str
    position: int | None
    starts_at: datetime | None
    place: str | None
    minutes: int | None
    """How long before to be there."""


@dataclass(frozen=True)
class LookedUp:
    """Outcome of ``LookUp``; ``found`` is false for every reason not to show it."""

    found: bool
    locked: bool = False
    code: str = ""
    status: str = ""
    unit_id: str = ""
    intake_due: date | None = None
    intake_basis: str | None = None
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Joined:
    """Outcome of ``Join``; ``found`` is false for every reason not to."""

    code: str
    found: bool


@dataclass(frozen=True)
class LinkCodeMade:
    """Outcome of ``MakeLinkCode``; the only place where the code is readable."""

    code: str
    minutes: int


@dataclass(frozen=True)
class ChatsLinked:
    """Outcome of ``LinkChats``: the channels of the other chats, or why not."""

    channels: tuple[str, ...] = ()
    refused: str | None = None


Outcome = (
    PetitionsFiled
    | Registered
    | SeatAnswered
    | LookedUp
    | Joined
    | LinkCodeMade
    | ChatsLinked
)
