"""The record as pages in a browser: read-only, for one person, on this machine alone.

`guard` lets in whoever has the token, `record` reads journal and index, `timeline`, `listing`,
`things`, `traced`, `graph` and `searching` say what is on a page, `application` makes HTML of it
and `serving` runs the server. Whatever a page shows is read from the journal when it is asked for.
"""

from scientist.audit.view.serving import require, serve

__all__ = ["require", "serve"]
