"""In which parts an officer acts on a petition."""

from bot.localities.profile import Profile
from bot.petitions.life import Actor, Who
from bot.petitions.model import Petition
from bot.staff.model import Account, Role


def acting(profile: Profile, account: Account, petition: Petition) -> Who:
    """The parts of an account: of the whole locality, and of the unit it lies with.

    The Office stands in for a unit that has no seat here.
    """
    unit = profile.unit(petition.unit_id)
    own = account.unit_id == unit.id
    at_office = account.unit_id == profile.triage_unit
    in_hand = own or (at_office and unit.external)
    parts: set[Actor] = set()
    match account.role:
        case Role.OFFICE:
            parts = {Actor.OFFICE, Actor.OFFICER} if in_hand else {Actor.OFFICE}
        case Role.HEAD if at_office:
            parts = {Actor.OFFICE, Actor.HEAD} if in_hand else {Actor.OFFICE}
        case Role.HEAD if in_hand:
            parts = {Actor.HEAD}
        case Role.OFFICER if in_hand:
            parts = {Actor.OFFICER}
        case Role.CHAIR:
            parts = {Actor.CHAIR}
        case Role.CLERK:
            parts = {Actor.CLERK}
    return Who(account.login, frozenset(parts))
