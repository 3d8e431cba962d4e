"""A record in which whatever a model, an essay or a user can write is an attack on a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scientist.events import (
    CampaignPaused,
    Failed,
    Reasoned,
    TurnAnswered,
    TurnAsked,
)
from scientist.journal import Journal
from scientist.records import Mark, Said, Usage

from . import reported, traced

PLANTED = (
    '"\'><script>window.pwned=1</script><img src=x onerror="window.pwned=1">'
    "<svg onload=window.pwned=1></svg></title></style></textarea></script>"
    '<a href="javascript:window.pwned=1">x</a><iframe srcdoc="<script>parent.pwned=1</script>">'
    "</iframe><form action=//evil.example><input name=q autofocus onfocus=window.pwned=1></form>"
    "<style>*{display:none}</style><meta http-equiv=refresh content=0;url=//evil.example>"
    "{{ 7 * 7 }}{% raw %} \u202edlrow\u2066\u200b javascript:window.pwned=1//"
)
ESSAY = f"""---
title: {json.dumps(PLANTED)}
---
Errors fell in twelve of thirteen worlds {PLANTED} and nobody knew why.
A stable cue keeps its weight in every world.
"""
ARMS = (
    'ARMS = {"<img src=x onerror=window.pwned=1>": '
    + repr(PLANTED)
    + ', "50% of `all`": "usual"}\n'
)


def build(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace with campaign C1 and conversation T1, both hostile throughout."""
    monkeypatch.setattr(reported, "EVIL", PLANTED)
    monkeypatch.setattr(reported, "ESSAY", ESSAY)
    monkeypatch.setattr(reported, "OWN", ARMS)
    monkeypatch.setattr(traced, "ESCAPE", PLANTED)
    traced.build(folder)
    with Journal(folder / "journal", write=True) as journal:
        asked = [{"role": PLANTED, "content": PLANTED}]
        answer = json.dumps({"choices": [{"delta": {"content": PLANTED, "reasoning": PLANTED}}]})
        traced.call(journal, asked, b"data: " + answer.encode() + b"\n\n", 2, PLANTED)
        journal.append(Reasoned(phase="survey", source="model", text=PLANTED), "C1")
        journal.append(Failed(error="failed", message=PLANTED, hint=PLANTED), "C1")
        said = Said(text=PLANTED, cites=("F1",), mark=Mark.CITED)
        journal.append(TurnAsked(thread="T1", turn=2, text=PLANTED), "T1")
        answered = TurnAnswered(thread="T1", turn=2, sentences=(said,), usage=Usage(), seconds=1.0)
        journal.append(answered, "T1")
        journal.append(CampaignPaused(reason=PLANTED), "C1")


def pages() -> list[str]:
    """Every kind of page of that workspace."""
    things = [*(f"/F{n}" for n in range(1, 5)), *(f"/H{n}" for n in range(1, 8)), "/X1", "/X4"]
    lists = [f"/list/{name}" for name in ("findings", "hypotheses", "experiments", "claims")]
    of_campaign = [f"/c/C1{part}" for part in ("", "?every=1", "/graph", "/results", "/costs")]
    return [
        *("/", "/list/conflicts", "/beliefs", "/essays", "/E1", "/E1?at=1", "/A1", "/K1"),
        *("/c/T1", "/c/T1/costs", "/search", "/search?q=script", "/trace?what=F1"),
        *("/trace?what=H1", "/trace?what=T1", "/trace/F1/effect", "/c/C1/report"),
        *("/search?q=%3Cscript%3Ewindow.pwned%3D1%3C%2Fscript%3E", "/trace?what=E1:1"),
        *things,
        *lists,
        *of_campaign,
    ]
