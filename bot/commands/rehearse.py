"""``kiennghi rehearse``: the whole life of a plan on a simulated clock."""

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import log
from bot.clock import VIETNAM, local
from bot.errors import ConfigurationError
from bot.localities.profile import Profile, load_profile
from bot.localities.programme import Programme
from bot.rehearsal.plot import Plot
from bot.rehearsal.stage import Line, Stage
from bot.settings import ROOT, Settings, load_settings


def attach(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rehearse")(rehearse)


def rehearse(
    locality: Annotated[str, typer.Argument(help="id of the locality")],
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Play a locality's plans through: who is told what, and when. Nothing is kept and
    nobody is really told."""
    log.configure("WARNING")
    lines = rehearsal(load_settings(), locality)
    shown = json.dumps([_plain(x) for x in lines], ensure_ascii=False, indent=1)
    sys.stdout.write(f"{shown}\n" if as_json else "".join(as_text(lines)))


def rehearsal(settings: Settings, locality: str) -> list[Line]:
    """Every line of a rehearsal, programme after programme."""
    path = ROOT / "data" / "localities" / f"{locality}.yml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yml")))
        raise ConfigurationError("locality_unknown", locality=locality, known=known)
    profile = load_profile(path)
    found: list[Line] = []
    for programme in profile.programmes:
        found += _play(settings, profile, programme)
    return found


def as_text(lines: Iterable[Line]) -> Iterable[str]:
    """A day as a heading, a line for each thing that happened."""
    day: date | None = None
    for line in lines:
        at = local(line.at)
        if at.date() != day:
            day = at.date()
            yield f"\n{day:%d/%m/%Y}\n"
        mark = _MARKS[line.kind]
        text = line.text.replace("\n", "\n           ")
        yield f"  {at:%H:%M} {mark} {line.who}: {text}\n"


_MARKS = {
    "said": "»",
    "told": "«",
    "act": "•",
    "duty_arose": "+",
    "duty_done": "✓",
    "date": "=",
}


def _play(settings: Settings, profile: Profile, programme: Programme) -> list[Line]:
    held = [p.rehearse_on for p in programme.conferences if p.rehearse_on]
    first = programme.valid_from or min(held, default=None)
    if first is None:
        raise ConfigurationError("nothing_to_rehearse", programme=programme.id)
    last = max(
        [programme.valid_to or date(first.year, 12, 31), *map(_long_after, held)]
    )
    begins = datetime.combine(first, time(7), VIETNAM)
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(_thrown_away(settings, profile, begins, directory), begins)
        try:
            Plot(stage).play(programme, first, last)
        finally:
            stage.close()
        return [replace(line, at=local(line.at)) for line in stage.lines]


def _long_after(held: date) -> date:
    """Everything that was raised is answered, extended and closed by then."""
    return held + timedelta(days=90)


def _thrown_away(
    settings: Settings, profile: Profile, begins: datetime, directory: str
) -> Settings:
    """The operator's settings, on a database that is thrown away."""
    return settings.model_copy(
        update={
            "locality": profile.id,
            "data_dir": Path(directory),
            "database_url": None,
            "rasa": "off",
            "env": "trial",
            "now": begins,
            "clock": "frozen",
        }
    )


def _plain(line: Line) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(timespec="minutes"),
        "kind": line.kind,
        "who": line.who,
        "text": line.text,
    }
