"""Who may read: only whoever has the token, from this machine, by its own name, and by GET.

Every answer says what a browser may do with it: nothing from elsewhere, no script but ours.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TOKEN = "token"
REFUSED = "open the address that `scientist audit view` printed: it holds the token\n"


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._cookie = f"scientist_{port}"  # cookies do not keep ports apart
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """What is said instead of the page; None if it may be read."""
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts:  # a name that was bent to this machine
            return PlainTextResponse("this is not a name of this machine\n", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("nothing here can be changed\n", 405, {"Allow": "GET, HEAD"})
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == TOKEN for name, _ in asked):
            return self._enter(scope["path"], asked)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return PlainTextResponse(REFUSED, 403)
        shown = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        return None if self._same(shown) else PlainTextResponse(REFUSED, 403)

    def _enter(self, path: str, asked: list[tuple[str, str]]) -> Response:
        """Take the token out of the address and keep it as a cookie no script can read."""
        given = [value for name, value in asked if name == TOKEN]
        if len(given) != 1 or not self._same(given[0]):
            return PlainTextResponse(REFUSED, 403)
        rest = urlencode([(name, value) for name, value in asked if name != TOKEN])
        place = "/" + quote(path.lstrip("/\\"))  # two slashes would lead to another host
        entered = RedirectResponse(f"{place}?{rest}" if rest else place, 303)
        entered.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return entered

    def _same(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())
