"""How long somebody waits for a page of the record, in headless Chromium.

    python benchmarks/view_speed.py [EVENTS ...]   # 10,000 and 1,000,000 by default

A workspace as `trace_speed.py` makes it, shown by `scientist audit view`. Told is the time from
asking for a page until it answers: its scripts have run and a key opens the help (wall time, so it
means something on an idle machine only), beside the server's own part of it and the processor time
of the browser's thread that reads, styles and lays out a page. The baseline is a page that is not
on record: what browser, server and style take without reading anything.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import trace_speed
from playwright.sync_api import sync_playwright

from scientist.events import CampaignOpened
from scientist.records import Budget

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

ROUNDS = 5
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PAGES = {
    "a page that is not on record": "/nothing",
    "campaigns": "/",
    "timeline, first window": "/c/{campaign}",
    "timeline, last window": "/c/{campaign}?before=999999999",
    "timeline, every event": "/c/{campaign}?every=1",
    "timeline, one kind": "/c/{campaign}?kind=finding_recorded",
    "graph": "/c/{campaign}/graph",
    "results": "/c/{campaign}/results",
    "a finding": "/{finding}",
    "its experiment, with plots": "/{experiment}",
    "its trace": "/trace?what={finding}",
    "search": "/search?q=warm",
}


def one_campaign(folder: Path, events: int) -> str:
    """A record whose events all belong to one campaign; gives the number of its last finding."""
    writer, number = trace_speed.Writer(folder), 0
    code, chance = writer.put(trace_speed.CODE), trace_speed.random.Random(1)
    opened = CampaignOpened(
        question="is it warm?", essays=(), seed=1, settings={}, versions={},
        budget=Budget(rounds=9, minutes=9, tokens=9),
    )  # fmt: skip
    writer.write([trace_speed.plain(opened)], "C1")
    fillers = list(trace_speed.everyday(writer))
    while writer.seq < events:
        number += 1
        writer.write(fillers, "C1")
        tested = trace_speed.tested(writer, number, code, chance)
        writer.write([trace_speed.plain(one) for one in tested], "C1")
    writer.file.close()
    return str(number)


@contextmanager
def served(workspace: Path) -> Iterator[tuple[str, float]]:
    """The command; the address that it prints, and the seconds until it did."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "scientist", "audit", "view", "-w", str(workspace)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            yield address, time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)


def answered(page: Page, counters: CDPSession, address: str) -> tuple[float, float, float, int]:
    """Milliseconds until a page answers to a key, those of the server, of the thread; its bytes."""
    began = time.perf_counter()
    page.goto(address, wait_until="domcontentloaded")
    page.keyboard.press("?")
    page.locator("#help[open]").wait_for()
    whole = 1000 * (time.perf_counter() - began)
    first, size = page.evaluate(
        "(() => { const n = performance.getEntriesByType('navigation')[0];"
        " return [n.responseStart - n.requestStart, n.decodedBodySize]; })()"
    )
    told = counters.send("Performance.getMetrics")["metrics"]
    busy = next(one["value"] for one in told if one["name"] == "TaskDuration")
    return whole, float(first), 1000 * busy, int(size)


def measure(workspace: Path, campaign: str, number: str) -> None:
    """Every page, some times over; medians."""
    names = {"campaign": campaign, "finding": f"F{number}", "experiment": f"X{number}"}
    with served(workspace) as (address, seconds), sync_playwright() as player:
        print(f"the command shows its address after {seconds:.1f} s")
        browser = player.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page()
        page.goto(address)
        counters = page.context.new_cdp_session(page)
        counters.send("Performance.enable", {"timeDomain": "threadTicks"})
        home = address.partition("/?")[0]
        print(f"{'page':32} {'answers':>10} {'server':>10} {'browser':>10} {'KB':>7}")
        for name, path in PAGES.items():
            asked = home + path.format(**names)
            found = []
            for _ in range(ROUNDS + 1):
                page.goto(f"{home}/nothing")  # the counters begin again with each page
                found.append(answered(page, counters, asked))
            first = found[0][0]
            medians = (statistics.median(one) for one in zip(*found[1:], strict=True))
            whole, server, busy, size = medians
            print(
                f"{name:32} {whole:7.0f} ms {server:7.0f} ms {busy:7.0f} ms {size / 1000:7.1f}"
                f"   first time {first:.0f} ms"
            )
        browser.close()


def main(sizes: list[int]) -> None:
    for events in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "journal"
            if events <= 100_000:
                number, campaign = one_campaign(folder, events), "C1"
            else:
                number = str(trace_speed.build(folder, events))
                campaign = f"C{int(number) // trace_speed.FINDINGS_OF_A_CAMPAIGN}"
            print(f"\n{events:,} events, {number} findings, campaign {campaign}")
            measure(Path(name), campaign, number)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [10_000, 1_000_000])
