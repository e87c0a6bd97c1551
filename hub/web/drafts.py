"""`/drafts`: what a person has begun to write; kept as it is typed, also by the page's own script."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData as Form

from hub.security.people import Person
from hub.views import drafts
from hub.web import referral_form
from hub.web.new_referral import Commands, add_files
from hub.web.pages import Pages
from hub.web.words import N_

DELETED = N_("The draft is deleted.")


def router(pages: Pages, commands: Commands) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/drafts")
    def listing(request: Request, person: Person = Depends(pages.clinician)) -> Response:
        with pages.connection() as connection:
            own = drafts.listing(connection, person.id)
            names = {r.code: r.name for r in drafts.receivers(connection, person.organization.id)}
        return pages.show(request, person, "clinic/drafts.html", drafts=own, receivers=names, age=drafts.AGE.days)

    @routes.post("/drafts/{key}")
    def keep(
        request: Request, key: str, person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)
    ) -> Response:
        """Keep what is typed. 409: the referral has been sent, or the draft is another person's."""
        with pages.connection() as connection:
            kept = drafts.save(connection, person.id, key, referral_form.entered(form))
        return JSONResponse({"kept": kept}, 200 if kept else 409)

    @routes.post("/drafts/{key}/files")
    def files(
        request: Request, key: str, person: Person = Depends(pages.clinician), form: Form = Depends(pages.form)
    ) -> Response:
        """Add files to a draft that may be new; the answer is the list of its files."""
        with pages.connection() as connection:
            kept = drafts.read(connection, person.id, key) or drafts.save(
                connection, person.id, key, referral_form.entered(form)
            )
        if not kept:
            return pages.missing(request, person)
        faults = add_files(pages, commands, request, person, key, form)
        with pages.connection() as connection:
            held = drafts.files(connection, key)
        return pages.show(request, person, "clinic/files_part.html", files=held, faults=faults)

    @routes.post("/drafts/{key}/delete")
    def delete(
        request: Request, key: str, person: Person = Depends(pages.clinician), _: Form = Depends(pages.form)
    ) -> Response:
        with pages.connection() as connection:
            deleted = drafts.delete(connection, person.id, key)
        return pages.see_other("/drafts", told=DELETED) if deleted else pages.missing(request, person)

    return routes
