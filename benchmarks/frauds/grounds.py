"""Clean records of many sorts, made once by the real commands and kept in a folder.

Each has a name and is made from a seed of its own: kits at several settings, code of the user's
own, campaigns that ask a scripted model, conversations, claims, sweeps, kills and repairs. One that
is there is not made again.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import campaigns
import minds
from scripted import ScriptedServer

from frauds import programs
from scientist.lab import kits

DONE = "made"
KITS = (
    *("causal_features", "compositional_recombination", "consistency_penalty", "knowing_limits"),
    *("transfer_values", "prior_or_scale", "reward_hacking", "self_directed", "safe_deployment"),
)


@dataclass(frozen=True)
class Maker:
    """Who makes one record: commands in one workspace, with one scripted model."""

    folder: Path
    data: Path
    chance: random.Random
    url: str

    @property
    def place(self) -> Path:
        return self.folder / "w"

    def do(self, *words: object, fails: bool = False, **more: str) -> str:
        """One command; what it printed."""
        done = campaigns.scientist(
            *words, "-w", self.place, timeout=600, **self.environment(), **more
        )
        if bool(done.returncode) != fails:
            said = f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr[-1500:]}"
            raise RuntimeError(said)
        return done.stdout

    def environment(self) -> dict[str, str]:
        return {"OPENAI_BASE_URL": self.url, "XDG_DATA_HOME": str(self.data)}

    def kit(self, name: str = "", *more: object) -> None:
        """A comparison of a kit, at a setting that is drawn."""
        name = name or self.chance.choice(KITS)
        kit, drawn = kits.load(name), list[object]()
        settings = kit.settings()
        if settings and self.chance.random() < 0.5 and not more:
            drawn = ["--param", self.chance.choice(list(settings))]
        self.do("kit", "run", name, *drawn, *more, "--pairs", self.pairs(), "--jobs", 2)

    def own(self, name: str) -> None:
        """Code of the user's own, as given by name."""
        folder = programs.write(self.folder / name.replace(" ", "-"), programs.HONEST[name])
        self.do("experiment", "run", folder, "--pairs", self.pairs(), "--jobs", 2)

    def campaign(self, *more: object, fails: bool = False, **settings: str) -> None:
        """Rounds with the scripted model over an essay."""
        essays = campaigns.essays(self.folder / "essays")
        seed = self.chance.randrange(1, 1000)
        given = ("--essays", essays, "--pairs", self.pairs(), "--seed", seed, "--jobs", 2)
        named = {f"SCIENTIST_{key}": value for key, value in settings.items()}
        self.do("run", *given, *more, fails=fails, **named)

    def pairs(self) -> int:
        return self.chance.choice((6, 7, 8))

    def killed(self, *words: object) -> None:
        """A command that is killed at a moment that is drawn, if it has not ended before."""
        copies = campaigns._copies()
        log = self.folder / "killed"
        wanted = self.lines() + self.chance.randrange(20, 70)
        given = campaigns.environment(**self.environment())
        pid = copies.begin((*words, "-w", self.place), given, log, log)
        while copies.lives(0.02):
            if self.lines() >= wanted:
                os.kill(pid, signal.SIGKILL)
                break
        copies.end()

    def lines(self) -> int:
        file = self.place / "journal" / "000001.jsonl"
        return file.read_bytes().count(b"\n") if file.exists() else 0

    def tear(self) -> None:
        """Half a line at the end, as a crash of the machine leaves it."""
        with (self.place / "journal" / "000001.jsonl").open("ab") as file:
            file.write(b'{"seq":99,"time":"2026-')


Recipe = Callable[[Maker], None]


def conversing(request: dict[str, Any]) -> Any:
    """A model that proposes what is untested, writes arms, and chats about F1."""
    asked = minds.schema_of(request)
    if asked == "Proposals":
        return campaigns.propose(request)
    if asked == "Code":
        return {"code": minds.halved(request)}
    return minds.at_random(request)


MINDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plain": conversing,
    "sensible": minds.steady(0.0),
}


def _asked(maker: Maker) -> None:
    maker.campaign("--rounds", 1)
    maker.do("ask", "What was found?")
    maker.do("ask", "Why does stability pay?", "--thread", "T1")


def _claims(maker: Maker) -> None:
    maker.kit("causal_features", "--direction", "decrease")
    maker.do("claim", "add", "stable raises shifted_error compared with pooled")
    maker.do("claim", "add", "Cues turn.")
    maker.do("claim", "pin", "A1")
    maker.do("claim", "unpin", "A1")


def _resumed(maker: Maker) -> None:
    essays = campaigns.essays(maker.folder / "essays")
    maker.killed("run", "--essays", essays, "--rounds", 2, "--pairs", 6, "--jobs", 2)
    maker.do("run", "--resume")


def _torn(maker: Maker) -> None:
    maker.kit()
    maker.tear()
    maker.do("claim", "add", "Cues turn.")


def _torn_at_the_end(maker: Maker) -> None:
    maker.kit()
    maker.tear()


def _reproduced(maker: Maker) -> None:
    maker.kit()
    maker.do("experiment", "reproduce", "X1")


def _moved(maker: Maker) -> None:
    maker.kit()
    maker.place.rename(maker.folder / "before")
    (maker.folder / "before").rename(maker.place)
    shutil.rmtree(maker.place / "runs")
    maker.do("claim", "add", "Cues turn.")


def _swept(maker: Maker) -> None:
    maker.do("kit", "sweep", "causal_features", "--seeds", 2)
    maker.kit("causal_features")


def _unsafe(maker: Maker) -> None:
    maker.campaign("--rounds", 1, "--unsafe-no-sandbox")


def _refused(maker: Maker) -> None:
    folder = programs.write(maker.folder / "own", programs.FAILING)
    maker.do("experiment", "run", folder, "--pairs", 6)
    maker.kit()


def _two(maker: Maker) -> None:
    maker.kit()
    maker.kit()


def _twice(maker: Maker) -> None:
    name = maker.chance.choice(KITS)
    maker.kit(name, "--pairs", 6)
    maker.kit(name, "--pairs", 7)


def _against(maker: Maker) -> None:
    maker.kit("causal_features", "--direction", "increase")
    maker.kit("causal_features", "--direction", "decrease")
    maker.do("rebuild")


def _both(maker: Maker) -> None:
    maker.campaign("--rounds", 1)
    maker.kit()


def _raised(maker: Maker) -> None:
    maker.campaign("--rounds", 1)
    maker.do("run", "C1", "--resume", "--rounds", 2)


RECIPES: dict[str, tuple[Recipe, int]] = {
    "kit": (Maker.kit, 10),
    "two kits": (_two, 4),
    "the same twice": (_twice, 2),
    "both directions": (_against, 2),
    "without a sandbox": (_unsafe, 4),
    "own code": (lambda m: m.own(m.chance.choice(list(programs.HONEST))), 5),
    "refused code": (_refused, 2),
    "one round": (lambda m: m.campaign("--rounds", 1), 4),
    "two rounds": (lambda m: m.campaign("--rounds", 2), 3),
    "two at once": (lambda m: m.campaign("--rounds", 1, AT_ONCE="2"), 2),
    "adapted code": (lambda m: m.campaign("--rounds", 1, RUNG="adapted"), 3),
    "judged pairs": (lambda m: m.campaign("--rounds", 2, JUDGEMENTS="2"), 2),
    "conversation": (_asked, 2),
    "claims": (_claims, 6),
    "killed and resumed": (_resumed, 4),
    "torn and repaired": (_torn, 1),
    "torn at the end": (_torn_at_the_end, 1),
    "reproduced": (_reproduced, 2),
    "moved without runs": (_moved, 2),
    "swept": (_swept, 1),
    "campaign and kit": (_both, 2),
    "a raised budget": (_raised, 1),
}
MINDED = {"adapted code": "sensible"}


def names() -> Iterator[tuple[str, str]]:
    """Every record: its name, and its recipe."""
    for recipe, (_, count) in RECIPES.items():
        for number in range(1, count + 1):
            yield f"{recipe.replace(' ', '-')}-{number}", recipe


def make(cache: Path, most: int = 1000, told: Callable[[str], None] = print) -> list[Path]:
    """The workspaces of all records, those made that are not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    wanted = list(names())
    order = random.Random(0).sample(wanted, len(wanted))[:most]
    for name, recipe in order:
        folder = cache / name
        if not (folder / DONE).exists():
            began = time.perf_counter()
            _make(folder, cache / "data", recipe)
            told(f"{name}: made in {time.perf_counter() - began:.0f} s")
        made.append(folder / "w")
    return made


def _make(folder: Path, data: Path, recipe: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mind = MINDS[MINDED.get(recipe, "plain")]
    with ScriptedServer(script=mind) as server:
        RECIPES[recipe][0](Maker(folder, data, random.Random(folder.name), server.url))
    (folder / DONE).write_text(recipe)
