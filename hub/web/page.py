"""What a template knows of the page it makes: language, person, times in the person's zone, the token of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime as Time
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from markupsafe import Markup

from hub.security.people import Person
from hub.views.referrals import Referral
from hub.web import assets, csrf
from hub.web.languages import NAMES, catalogue
from hub.web.words import N_

_DATES = {"zh": "y年M月d日", "en": "d MMM y"}
_TIMES = {"zh": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
_ZONE = "Asia/Shanghai"
_CLINICIAN = (("/worklist", N_("Worklist")), ("/referrals", N_("My referrals")), ("/referrals/new", N_("New referral")))
_ADMINISTRATOR = (
    ("/admin", N_("Overview")),
    ("/admin/organizations", N_("Organizations")),
    ("/admin/users", N_("Users")),
    ("/admin/messages", N_("Messages")),
    ("/admin/deliveries", N_("Deliveries")),
    ("/admin/ledger", N_("Loss ledger")),
    ("/admin/dead-letters", N_("Dead letters")),
    ("/admin/audit", N_("Audit")),
)


@dataclass(frozen=True, slots=True)
class Page:
    """path: with its query, as asked for; told: what the action before says, a msgid; secret: the cookie's value;
    timezone: where no person has one."""

    language: str
    person: Person | None
    path: str
    now: Time
    secret: str
    told: str | None = None
    timezone: str = _ZONE

    def _(self, msgid: str, **values: Any) -> str:
        text = catalogue(self.language).gettext(msgid)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, **values: Any) -> str:
        return catalogue(self.language).ngettext(singular, plural, number) % {"num": number, **values}

    @property
    def csrf(self) -> str:
        """For `<input type=hidden name=csrf_token>`."""
        return csrf.token(self.secret)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.person.organization.timezone if self.person else self.timezone)

    @property
    def languages(self) -> dict[str, str]:
        return NAMES

    def navigation(self, referral: Referral | None = None) -> list[tuple[str, str, bool]]:
        """Address, msgid and whether it is the part of the hub that is shown. referral: what the page is about; what
        the person's organization receives belongs to the worklist."""
        if self.person is None:
            return []
        parts = _ADMINISTRATOR if self.person.role == "administrator" else _CLINICIAN
        here = self.path.split("?", 1)[0]
        current = max((url for url, _ in parts if here == url or here.startswith(f"{url}/")), key=len, default=None)
        if current == "/referrals" and referral and referral.receiver.id == self.person.organization.id:
            current = "/worklist"
        return [(url, text, url == current) for url, text in parts]

    def static(self, name: str) -> str:
        return assets.url(name)

    def written(self, at: Time | Day) -> str:
        """A time in the person's zone, or a date, in words."""
        if isinstance(at, Time):
            return format_datetime(at, _TIMES[self.language], self.zone, self.language)
        return format_date(at, _DATES[self.language], self.language)

    def datetime(self, at: Time) -> Markup:
        return _time(at.isoformat(), self.written(at))

    def date(self, day: Day | Time) -> Markup:
        """A date; of a time its date in the person's zone."""
        day = day.astimezone(self.zone).date() if isinstance(day, Time) else day
        return _time(day.isoformat(), self.written(day))

    def since(self, at: Time) -> Markup:
        """How long ago, the exact time as its title."""
        text = format_timedelta(at - self.now, add_direction=True, locale=self.language)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), self.written(at), text)


def _time(machine: str, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, words)
