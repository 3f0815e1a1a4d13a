"""`chapterv compute forecast FOLDER`: when a threshold will be exceeded, once or while it runs."""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.output import folder_argument, format_option, law_pack_option, print_json
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.dossier import Gathered
    from chapterv.dossier.forecast_logs import Followers
    from chapterv.dossier.forecast_records import Entry
    from chapterv.dossier.forecasts import DossierForecast
    from chapterv.law import Pack

__all__ = ["command"]

SIGNS = "●░─○"


@click.command(
    name="forecast",
    epilog="Example: chapterv compute forecast my-model --watch",
    help="Tell when computing power will exceed the thresholds, by the plan and by the pace of "
    "training, and until when the Commission has to be notified. A state that changes is kept in "
    "records/forecast.jsonl of the folder.",
)
@folder_argument
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day asked for. Today where left out; only a forecast for today is kept.",
)
@click.option("--watch", is_flag=True, help="Follow growing records until stopped.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    default=30,
    show_default=True,
    help="Seconds between two looks with --watch.",
)
@click.option(
    "--horizon",
    type=click.IntRange(1, 1_100),
    help="Days looked ahead where no plan says when training ends; 365 where left out.",
)
@click.option("--no-record", is_flag=True, help="Keep nothing in the folder.")
@law_pack_option
@format_option
def command(
    folder: Path,
    on: datetime.datetime | None,
    watch: bool,
    interval: float,
    horizon: int | None,
    no_record: bool,
    law_pack: Path | None,
    form: str,
) -> None:
    """Print a forecast, or print one whenever it changes."""
    from chapterv.dossier import gather, open_dossier
    from chapterv.dossier.forecast_logs import Followers
    from chapterv.errors import UsageError
    from chapterv.law import load_pack

    if watch and on is not None:
        raise UsageError("--watch looks at today", "compute forecast", "Leave --on out.")
    dossier = open_dossier(folder)
    with shown_progress() as progress:
        gathered = gather(dossier, progress=progress, today=_today(), cache=cache_folder())
        followers = Followers(folder.absolute(), dossier.runs)
        followers.read_on()
    keep = on is None and not no_record
    work = _Work(gathered, followers, load_pack(law_pack), keep, horizon, form)
    if watch:
        work.watch(interval)
    else:
        work.once(on.date() if on else _today())


def _today() -> datetime.date:
    """The day in Brussels: the one place where this command reads a clock for a date."""
    from chapterv.compute.forecasting import brussels_day

    return brussels_day(datetime.datetime.now(datetime.UTC))


class _Work:
    """What one call of the command works with."""

    def __init__(
        self,
        gathered: Gathered,
        followers: Followers,
        pack: Pack,
        keep: bool,
        horizon: int | None,
        form: str,
    ) -> None:
        self.gathered, self.followers, self.pack = gathered, followers, pack
        self.keep, self.horizon, self.form = keep, horizon, form

    def foresee(self, on: datetime.date, live: bool) -> DossierForecast:
        """Forecast, and keep nothing."""
        from chapterv.dossier.forecasts import forecast_dossier

        return forecast_dossier(
            self.gathered, self.followers, self.pack, on, live=live, horizon_days=self.horizon
        )

    def told(self) -> tuple[DossierForecast, tuple[Entry, ...]]:
        """Forecast for today from records that are followed, and keep what changed."""
        from chapterv.dossier.forecasts import keep_states

        told = self.foresee(_today(), live=True)
        kept = keep_states(self.gathered.dossier.folder, told) if self.keep else ()
        return told, kept

    def once(self, on: datetime.date) -> None:
        """Print one forecast; where it cannot be kept, that comes after it."""
        from chapterv.dossier.forecasts import keep_states

        told = self.foresee(on, live=False)
        kept: tuple[Entry, ...] = ()
        try:
            kept = keep_states(self.gathered.dossier.folder, told) if self.keep else ()
        finally:
            self._show(told, kept)

    def _show(self, told: DossierForecast, kept: tuple[Entry, ...]) -> None:
        from chapterv.cli.forecast_text import forecast_text
        from chapterv.dossier.forecast_object import forecast_object

        if self.form == "json":
            print_json(forecast_object(told, kept))
        else:
            click.echo(forecast_text(told, kept, _shows(SIGNS)))

    def watch(self, interval: float) -> None:
        """Print the forecast, then a line for each change; on a terminal at every look."""
        from chapterv.dossier.forecasts import states

        try:
            told, kept = self.told()
            self._show_line(told, kept, first=True)
            before = states(told)
            while True:
                time.sleep(interval)
                news = self.followers.read_on()
                if not news and told.on == _today():
                    self._look(told)
                    continue
                told, kept = self.told()
                now = states(told)
                if now != before or kept:
                    self._show_line(told, kept)
                else:
                    self._look(told)
                before = now
        except KeyboardInterrupt:
            click.echo("Stopped. What was kept stays.", err=True)

    def _look(self, told: DossierForecast) -> None:
        if sys.stdout.isatty() and self.form == "text":
            self._show_line(told, ())

    def _show_line(
        self, told: DossierForecast, kept: tuple[Entry, ...], first: bool = False
    ) -> None:
        from chapterv.cli.forecast_text import watch_line

        if self.form == "json":
            from chapterv.dossier.forecast_object import forecast_object
            from chapterv.facts import canonical_json

            click.echo(canonical_json(forecast_object(told, kept)).decode())
        elif first:
            self._show(told, kept)
        else:
            click.echo(watch_line(told, time.strftime("%H:%M:%S")))
        sys.stdout.flush()


def _shows(signs: str) -> bool:
    """Tell whether standard output can hold some signs."""
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
