"""What the address of a list asks for."""

from typing import ClassVar, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from bot.web.staff.console import Visit


class Address(BaseModel):
    """The filters of a list and its page; what makes no sense is left out."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    path: ClassVar[str]
    page: int = Field(1, ge=1, le=10_000)

    @classmethod
    def of(cls, visit: Visit) -> Self:
        """From the address."""
        given = dict(visit.request.query_params)
        good = {}
        for name in cls.model_fields:
            if name in given:
                try:
                    good[name] = getattr(cls(**{name: given[name]}), name)
                except ValueError:
                    continue
        return cls(**good)

    def address(self, **changed: object) -> str:
        """The address of this list with some of it changed."""
        values = {**self.model_dump(mode="json"), **changed}
        default = type(self)().model_dump(mode="json")
        kept = {k: v for k, v in values.items() if v != default[k]}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path
