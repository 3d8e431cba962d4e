"""`scientist run --approve`: the plan and the code on the terminal, and a question.

Of a kit that is used as it is the code is shown whole; of an adapted one what differs from the kit
comes first. The answer goes to the graph, which waits for it at an interrupt.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from scientist.errors import Interrupted

if TYPE_CHECKING:
    from scientist.cli.live import LiveView

CHOICES = "run it? [y]es, [n]o, [c]ode once more, [q]uit for now: "


def ask(view: LiveView, shown: dict[str, Any]) -> dict[str, Any]:
    """The user's word on one launch."""
    with view.paused():
        for line in plan(shown):
            view.say(line)
        code = listing(shown)
        view.say(code)
        while True:
            word = _heard(CHOICES).lower()
            if word in ("y", "yes"):
                return {"approved": True}
            if word in ("n", "no"):
                return {"approved": False, "reason": _heard("why not? (may be left empty): ")}
            if word in ("q", "quit"):
                raise Interrupted("left for later; everything so far is recorded")
            if word in ("c", "code"):
                view.say(code)


def plan(shown: dict[str, Any]) -> list[str]:
    """The hypothesis and what would be measured."""
    hypothesis, protocol = shown["hypothesis"], shown["protocol"]
    about = "a second run, on fresh seeds, of " if shown["confirms"] else ""
    lines = [
        "",
        f"to approve {about}{hypothesis['id']}: {hypothesis['statement']}",
        f"  arms      {', '.join(protocol['arms'])}",
        f"  metric    {protocol['metric']}, expected to {protocol['direction']}; "
        f"smallest effect of interest {protocol['smallest_effect']:g}",
        f"  test      {protocol['test']}, alpha {protocol['alpha']:g} shared by the workspace",
        f"  settings  {', '.join(f'{k} = {v}' for k, v in protocol['parameters'].items()) or '-'}",
    ]
    if hypothesis["idea"]:
        lines.insert(2, f"  idea      {hypothesis['idea']}")
    if shown["differences"]:
        seen = ", ".join(f"{value:.3g}" for value in shown["differences"])
        lines.append(f"  smoke     differences on seeds that cannot count: {seen}")
    return lines


def listing(shown: dict[str, Any]) -> str:
    """The code, or what of it is not the kit's."""
    from scientist.lab import kits

    code, hypothesis = shown["code"], shown["hypothesis"]
    if hypothesis["kit"] and hypothesis["rung"] != "kit":
        kit = kits.load(hypothesis["kit"])
        changed = difflib.unified_diff(
            *(kit.code.splitlines(), code.splitlines()),
            *(f"kit {kit.name}", "adapted by the model"),
            lineterm="",
        )
        return "\n".join(changed)
    numbered = enumerate(code.splitlines(), 1)
    return "\n".join(f"{number:4}  {line}" for number, line in numbered)


def _heard(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise Interrupted("no answer came; everything so far is recorded") from None
