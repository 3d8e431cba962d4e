"""The pages by their addresses: what is asked for, which desk answers, which template shows it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from scientist.audit import templates
from scientist.audit.view import pages, tail
from scientist.audit.view.record import Desk, Opened, Record
from scientist.errors import JournalError, ScientistError

HERE = Path(__file__).parent
STATIC = {
    "looks.css": (templates.LOOKS, "text/css"),
    "view.css": (HERE / "static" / "view.css", "text/css"),
    "theme.js": (HERE / "static" / "theme.js", "text/javascript"),
    "view.js": (HERE / "static" / "view.js", "text/javascript"),
    "live.js": (HERE / "static" / "live.js", "text/javascript"),
}
DIGEST = re.compile(r"[0-9a-f]{64}")
CODES = {400: "This cannot be asked", 404: "Not on record", 500: "The record does not fit"}
Shown = tuple[str, dict[str, Any]]  # a template and what it is filled with


def application(record: Record) -> Starlette:
    """The application over a record; whoever serves it stands a guard before it."""
    quick, thorough = partial(_page, record.quick), partial(_page, record.thorough)

    async def live(request: Request) -> Response:
        name = request.path_params["campaign"]
        begun = await record.quick.ask(lambda opened: tail.head(opened, name))
        return StreamingResponse(
            _encoded(tail.follow(record, name, begun, request.is_disconnected)),
            media_type="text/event-stream",
        )

    routes = [
        Route("/", quick(pages.campaigns)),
        Route("/static/{name}", _static),
        Route("/c/{campaign:str}", quick(pages.timeline)),
        Route("/c/{campaign:str}/graph", quick(pages.graph)),
        Route("/c/{campaign:str}/results", quick(pages.results)),
        Route("/c/{campaign:str}/costs", thorough(pages.costs)),
        Route("/c/{campaign:str}/report", _report(record.thorough)),
        Route("/c/{campaign:str}/live", live),
        Route("/list/{what:str}", quick(pages.listed)),
        Route("/beliefs", thorough(pages.beliefs)),
        Route("/essays", quick(pages.essays)),
        Route("/search", thorough(pages.search)),
        Route("/trace", thorough(pages.trace)),
        Route("/trace/{finding:str}/{number:str}", quick(pages.trace_number)),
        Route("/event/{number:int}", quick(pages.event)),
        Route("/blob/{digest:str}", _blob(record.quick)),
        Route("/{name:str}", quick(pages.thing)),
    ]
    handlers = {
        ScientistError: _failed, HTTPException: _missing, 404: _missing, Exception: _unforeseen,
    }  # fmt: skip
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


def _page(desk: Desk, make: Callable[[Opened, Mapping[str, str]], Shown]) -> Callable[..., Any]:
    """An address whose page is made by a function of the record and of what was asked."""

    async def endpoint(request: Request) -> Response:
        asked = {**request.query_params, **request.path_params}

        def answer(opened: Opened) -> str:
            template, filled = make(opened, asked)
            return _render(template, part=bool(asked.get("part")), **filled)

        return HTMLResponse(await desk.ask(answer))

    return endpoint


def _render(template: str, **filled: Any) -> str:
    page = templates.environment(HERE / "html").get_template(template)
    return page.render(**{"campaign": None, "here": "", "q": "", "part": False, **filled})


async def _static(request: Request) -> Response:
    found = STATIC.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return Response(found[0].read_bytes(), media_type=found[1])


def _blob(desk: Desk) -> Callable[..., Any]:
    """The bytes of a blob as text, whatever they are; never as anything a browser would obey."""

    async def endpoint(request: Request) -> Response:
        digest = request.path_params["digest"]
        if not DIGEST.fullmatch(digest):
            raise HTTPException(404)
        content = await desk.ask(lambda opened: opened.journal.get(digest))
        return PlainTextResponse(templates.lines(content.decode(errors="replace")))

    return endpoint


def _report(desk: Desk) -> Callable[..., Any]:
    """The report of a campaign as `scientist audit report --html` writes it."""

    async def endpoint(request: Request) -> Response:
        from scientist.audit import report

        name = request.path_params["campaign"]
        made = await desk.ask(lambda opened: report.make(opened.journal, name))
        policy = f"{report.POLICY}; frame-ancestors 'none'"
        return HTMLResponse(made.html, headers={"Content-Security-Policy": policy})

    return endpoint


async def _encoded(told: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for one in told:
        yield one.encode()


async def _failed(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, ScientistError)
    code = 500 if isinstance(fault, JournalError) else 404
    return HTMLResponse(
        _render("failed.html", title=CODES[code], message=fault.message, hint=fault.hint), code
    )


async def _missing(_: Request, fault: Exception) -> Response:
    code = fault.status_code if isinstance(fault, HTTPException) else 404
    said = "There is no such page."
    return HTMLResponse(_render("failed.html", title=CODES[404], message=said, hint=""), code)


async def _unforeseen(_: Request, fault: Exception) -> Response:
    said = f"unforeseen: {type(fault).__name__}: {fault}"
    hint = "scientist audit verify"
    return HTMLResponse(_render("failed.html", title=CODES[500], message=said, hint=hint), 500)
