"""`/referrals/{id}/record/print`, `/referrals/{id}/record.pdf`: the record on paper. Each is audited as an export."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from hub.domain.statements import sources
from hub.security.people import Person
from hub.views import marks
from hub.views import sources as cited
from hub.web.opened import opened
from hub.web.pages import Pages
from hub.web.pdf import pdf
from hub.web.printed import Printed, printed
from hub.web.record.model import view


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(tags=["pages"], include_in_schema=False)

    @routes.get("/referrals/{referral_id}/record/print")
    def on_paper(referral_id: str, request: Request, person: Person = Depends(pages.clinician)) -> Response:
        found = _printed(pages, request, person, referral_id)
        if found is None:
            return pages.missing(request, person)
        return pages.show(request, person, "sources/print.html", printed=found)

    @routes.get("/referrals/{referral_id}/record.pdf")
    def as_pdf(referral_id: str, request: Request, person: Person = Depends(pages.clinician)) -> Response:
        found = _printed(pages, request, person, referral_id)
        if found is None:
            return pages.missing(request, person)
        headers = {"Content-Disposition": f'inline; filename="record-{referral_id}.pdf"', "Cache-Control": "no-store"}
        return Response(pdf(found), media_type="application/pdf", headers=headers)

    return routes


def _printed(pages: Pages, request: Request, person: Person, referral_id: str) -> Printed | None:
    with pages.connection() as connection:
        record = opened(connection, person, referral_id, request.query_params.get("record"), "export")
        if record is None:
            return None
        names = cited.names(connection, {str(s["message_id"]) for s in sources(record.document)})
        standing = marks.standing(connection, record.referral.id)
    seen = view(record.record.document, ZoneInfo(person.organization.timezone))
    return printed(pages.page(request, person), seen, record.document, names, standing)
