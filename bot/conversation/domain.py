"""Forms, slots and mappings of ``domain.yml``, in Rasa's own schema."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot import yaml_file
from bot.errors import ConfigurationError


class MappingType(StrEnum):
    """The slot mappings the engine knows."""

    FROM_TEXT = "from_text"
    FROM_ENTITY = "from_entity"
    FROM_INTENT = "from_intent"
    CUSTOM = "custom"


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MappingCondition(_Known):
    """Where a mapping applies: a running form, a slot that was asked for."""

    active_loop: str | None = None
    requested_slot: str | None = None


class Mapping(_Known):
    """One way to fill a slot."""

    type: MappingType
    entity: str | None = None
    intent: str | None = None
    value: Any = None
    conditions: tuple[MappingCondition, ...] = ()

    def applies(self, form: str, slot: str, asking: str | None) -> bool:
        """Whether it may fill ``slot`` while ``form`` asks for ``asking``."""
        if self.type is MappingType.FROM_TEXT and not self.conditions:
            return asking == slot
        if not self.conditions:
            return True
        return any(
            condition.active_loop in (None, form)
            and condition.requested_slot in (None, asking)
            for condition in self.conditions
        )


class Slot(_Known):
    """A slot with its mappings."""

    type: str
    mappings: tuple[Mapping, ...]


class Form(_Known):
    """A form: the slots it needs, in the order they are asked for."""

    required_slots: tuple[str, ...] = Field(min_length=1)


class Domain(_Known):
    """What the engine reads of ``domain.yml``; responses are read by ``bot.texts``."""

    intents: frozenset[str]
    slots: dict[str, Slot]
    forms: dict[str, Form]

    @classmethod
    def load(cls, path: Path) -> "Domain":
        """Read and check; raises ``ConfigurationError('domain_invalid')``."""
        raw = yaml_file.read(path)
        intents = [
            name if isinstance(name, str) else next(iter(name))
            for name in raw["intents"]
        ]
        try:
            domain = cls.model_validate({**raw, "intents": intents})
        except ValidationError as error:
            problem = error.errors()[0]
            raise ConfigurationError(
                "domain_invalid", path=str(path), problem=str(problem["loc"])
            ) from None
        for form in domain.forms.values():
            for slot in form.required_slots:
                if slot not in domain.slots:
                    raise ConfigurationError(
                        "domain_invalid", path=str(path), problem=slot
                    )
        return domain
