"""Every kit once as it stands and once where its verdict should turn, through the real pipeline.

`python benchmarks/kits.py [KIT ...] [--write docs/directions.md]` prints a table: essay,
direction, kit, verdict with effect and interval, seconds. Each run has a workspace of its own,
so no kit spends another's share of the error budget.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from scientist.lab import kits
from scientist.lab.kits import Kit, setting

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# From essays to experiments

Each research direction of the essays is one experiment family (a kit). `scientist kit show
NAME` says what it can and cannot show, `scientist kit run NAME` tests it, `scientist kit list
--about TEXT` finds the kit that a sentence is about.

What stands here is what `python benchmarks/kits.py --write docs/directions.md` measured: the
default comparison of each kit, sealed, contained and confirmed on fresh seeds, and the same
comparison at the setting where its header expects another verdict. *Effect* is treatment minus
control on the metric, with its interval and the count of pairs; *seconds* is the whole command,
both runs and all checks included.

| essay | direction | kit | compared, on | by default | at the turn | seconds |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kits", nargs="*", help="names of kits; all if none is named")
    parser.add_argument("--write", type=Path, help="write the page there, too")
    chosen = parser.parse_args()
    essays = _essays()
    found = [kit for kit in kits.all_kits() if not chosen.kits or kit.name in chosen.kits]
    rows, seen = [], []
    for kit in found:
        usual, seconds = _run(kit, {})
        turned, _ = _run(kit, dict(kit.turning))
        row = _row(kit, essays.get(kit.directions[0], "-"), usual, turned, seconds)
        print(row, flush=True)
        seen.append([one["judgement"]["verdict"] for one in (usual, turned)])
        rows.append((essays.get(kit.directions[0], "-"), kit.directions[0], row))
    if chosen.write:
        chosen.write.write_text(HEAD + "\n".join(row for *_, row in sorted(rows)) + "\n")
    alike = [verdicts for verdicts in seen if len(set(verdicts)) == 1]
    sys.exit(f"{len(alike)} kits did not turn" if alike else 0)


def _essays() -> dict[str, str]:
    """The first sample essay of each direction, by its title."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "workspace" / "essays").glob("*.md")):
        front = yaml.safe_load(file.read_text(encoding="utf-8").split("---\n", 2)[1])
        for theme in front["themes"]:
            found.setdefault(theme, front["title"])
    return found


def _run(kit: Kit, settings: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The finding of one `scientist kit run`, and how long the command took."""
    command = [sys.executable, "-m", "scientist", "kit", "run", kit.name, "--json"]
    for name, value in settings.items():
        command += ["--param", f"{name}={value!r}"]
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        done = subprocess.run([*command, "-w", folder], capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{kit.name} at {settings}: {done.stdout}{done.stderr}")
    finding: dict[str, Any] = json.loads(done.stdout)["findings"][0]
    return finding, seconds


def _row(kit: Kit, essay: str, usual: dict[str, Any], turned: dict[str, Any], took: float) -> str:
    compared = f"{usual['treatment']} against {usual['control']}, {usual['metric']}"
    where = ", ".join(setting(*item) for item in kit.turning.items())
    directions = ", ".join(kit.directions)
    cells = (
        *(essay, directions, f"`{kit.name}`: {kit.title}", compared),
        *(_figure(usual), f"{where}: {_figure(turned)}", f"{took:.0f}"),
    )
    return "| " + " | ".join(cells) + " |"


def _figure(finding: dict[str, Any]) -> str:
    """Verdict, effect, interval and n."""
    judged = finding["judgement"]
    interval = judged["interval"]
    if judged["effect"] is None or interval is None:
        return f"**{judged['verdict']}**: {judged['reason']}"
    return (
        f"**{judged['verdict']}** {judged['effect']:+.3g} ({interval['low']:+.3g} to "
        f"{interval['high']:+.3g}), n = {judged['pairs']}"
    )


if __name__ == "__main__":
    main()
