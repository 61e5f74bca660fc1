"""The receipt of petitions: their codes, where they go and by when one is told."""

from collections.abc import Sequence

from bot.conversation.effects import FiledPetition
from bot.conversation.scene import Scene


def say(scene: Scene, filed: Sequence[FiledPetition]) -> None:
    """Say what was received, and whom one may ring."""
    if len(filed) == 1:
        _say_one(scene, filed[0])
    else:
        _say_many(scene, filed)
    name_outside_units(scene, filed)


def _say_one(scene: Scene, filed: FiledPetition) -> None:
    unit = scene.facts.profile.unit(filed.unit_id).name
    scene.say(
        "utter_petition_filed",
        code=filed.code,
        unit=unit if filed.sure else None,
        hidden=filed.hide_name or None,
        sure=filed.sure,
        **_common(filed),
    )


def _say_many(scene: Scene, filed: Sequence[FiledPetition]) -> None:
    scene.say(
        "utter_petitions_filed",
        lines="\n".join(_lines(scene, filed)),
        count=len(filed),
        hidden=any(one.hide_name for one in filed) or None,
        **_common(filed[0]),
    )


def _common(filed: FiledPetition) -> dict[str, object]:
    return {
        "received_at": filed.received_at,
        "due": filed.intake_due,
        "basis": filed.intake_basis,
        "pin": filed.pin,
    }


def _lines(scene: Scene, filed: Sequence[FiledPetition]) -> list[str]:
    return [
        scene.book.texts.render(
            "utter_filed_line",
            {
                "number": number,
                "code": one.code,
                "unit": scene.facts.profile.unit(one.unit_id).name,
                "hidden": one.hide_name,
            },
        ).text
        for number, one in zip(scene.book.phrases.circled, filed, strict=False)
    ]


def name_outside_units(scene: Scene, filed: Sequence[FiledPetition]) -> None:
    """Whom one may ring, for what is not the commune's."""
    numbers: dict[str, list[str]] = {}
    for number, one in zip(scene.book.phrases.circled, filed, strict=False):
        if one.outside_unit_id:
            numbers.setdefault(one.outside_unit_id, []).append(number)
    for unit_id, which in numbers.items():
        unit = scene.facts.profile.unit(unit_id)
        scene.say(
            "utter_outside_unit",
            outside=unit.name,
            phone=unit.phone,
            which=" ".join(which) if len(filed) > 1 else None,
        )
