"""What campaigns add up to is read once, kind by kind: all their events together give the same."""

import datetime
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scientist.audit import facts
from scientist.journal import GENESIS, Journal, costs, project
from scientist.journal.chain import encode

BUDGET = {"rounds": 9, "minutes": 9, "tokens": 9, "disk_mb": None}
JUDGED = {"verdict": "refuted"}


def told(chance: random.Random, kind: str, number: int) -> dict[str, Any]:
    """What an event of a kind says, as far as it is counted."""
    protocol = {"hypothesis": f"H{number % 3}", "arms": ["a", "b"], "seeds": [1, 2]}
    return {
        "campaign_opened": {
            **{"question": "why?", "seed": 3, "versions": {"scientist": "1"}, "budget": BUDGET},
            "disk_bytes": 5,
        },
        "campaign_resumed": {"budget": {**BUDGET, "rounds": 12}},
        "campaign_paused": {"reason": f"pause {number}"},
        "campaign_closed": {"outcome": "completed", "reason": "done", "grown_bytes": number},
        "phase_started": {"phase": "seal", "round": number % 5},
        "model_called": {
            **{"usage": {"prompt": 90, "cached": 10, "completion": number}, "model": "m"},
            **{"model_digest": "", "seconds": chance.uniform(0, 3)},
        },
        "tool_called": {
            **{"tool": costs.MEASURING, "outcome": "done", "seconds": chance.uniform(0, 9)},
            "arguments": {"folder": f"r{number}-1", "trials": 4},
        },
        "protocol_sealed": {"digest": f"d{number}", "protocol": protocol},
        "experiment_started": {
            **{"experiment": f"X{number}", "run_folder": f"r{number}"},
            "protocol_digest": f"d{number}",
        },
        "judged": {"protocol_digest": f"d{number}", "judgement": JUDGED},
        "finding_recorded": {"finding": {"id": f"F{number}", "judgement": JUDGED}},
        "reasoned": {"phase": "seal", "source": "code", "text": "so"},
        "budget_warned": {"what": "tokens"},
    }[kind]


class Clock:
    """Lines of several campaigns and of a conversation, at times of their own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.file = folder / "000001.jsonl"
        self.chance = random.Random(seed)
        self.seq, self.head = 0, GENESIS
        self.now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def write(self, kind: str, campaign: str | None, odd: bool = False) -> None:
        """One more line; an odd one has a space that the journal would not write."""
        self.seq += 1
        self.now += datetime.timedelta(seconds=self.chance.uniform(0, 5))
        data = told(self.chance, kind, self.seq)
        stamp = self.now.isoformat(timespec="microseconds")
        line, self.head = encode(self.seq, stamp, campaign, kind, data, 1, self.head)
        with self.file.open("ab") as file:
            file.write(line.replace(b"{", b"{ ", 1) if odd else line)


def check(journal: Journal) -> None:
    """Against the plain way: every event of every campaign, decoded."""
    views = {view.id: view for view in project.campaigns(journal)}
    found = facts._campaigns(journal)
    names = list(dict.fromkeys(e.campaign for e in journal.entries("campaign_opened")))
    assert list(views) == list(found) == names
    for name in names:
        entries = list(journal.entries(campaign=name))
        counts, cost = Counter(one.kind for one in entries), costs.cost_of(entries)
        assert (views[str(name)].events, views[str(name)].rounds) == (len(entries), cost.rounds)
        kept = journal.follow(facts._CAMPAIGNS)[str(name)]
        assert kept.tally.cost_over(journal.spells()[str(name)]) == cost
        assert found[str(name)]["active seconds"] == round(cost.seconds, 1)
        for kind, said in facts.COUNTED.items():
            assert found[str(name)][said] == counts[kind]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_campaigns_add_up_to_is_what_all_their_events_give(tmp_path: Path, seed: int) -> None:
    clock, chance = Clock(tmp_path, seed), random.Random(seed)
    kinds = ("campaign_resumed", "campaign_paused", "campaign_closed", "phase_started", "judged")
    kinds += ("model_called", "tool_called", "protocol_sealed", "experiment_started", "reasoned")
    kinds += ("finding_recorded", "budget_warned", "reasoned", "reasoned")
    clock.write("campaign_opened", "C1")
    with Journal(tmp_path) as kept:
        for number in range(150):
            if number in (40, 90):
                clock.write("campaign_opened", f"C{2 + (number > 40)}")
            opened = [f"C{n}" for n in range(1, 2 + (number >= 40) + (number >= 90))]
            campaign = chance.choice([*opened, "T1", None])
            kind = chance.choice(kinds) if campaign in opened else "reasoned"
            clock.write(kind, campaign, odd=chance.random() < 0.1)
            if number % 10 == 0:
                check(kept)  # goes on where it stopped
        check(kept)
    with Journal(tmp_path) as fresh:
        check(fresh)
