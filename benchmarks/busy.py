"""How fast the embedded server answers while other programs use the machine, too.

    python benchmarks/busy.py [--model NAME] [--tokens 20] [--rounds 2] [--nice]

The server's threads wait for each other at every layer. The baseline lets them spin as long as the
OpenMP library does by itself; ours (`embedded.WAITING`) gives the core back soon. Both are asked
the same on a quiet machine, and beside one and two programs that never rest. With --nice the
programs are nice as experiments are, in sessions of their own: the baseline leaves it at that, and
ours has their sessions give way, too, as experiments do (`lab/process.py`).
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict

import openai

from scientist.lab import process
from scientist.lab.runner import NICE
from scientist.llm import embedded
from scientist.llm.endpoint import Endpoint, connect
from scientist.settings import Settings

BASELINE: dict[str, str] = {}  # as long as the library likes
BUSY = (0, 1, 2)
PROMPT = "Tell a story about " + " ".join(f"word{number}" for number in range(60))


def timed(endpoint: Endpoint, tokens: int) -> tuple[float, float]:
    """Milliseconds a token, of the prompt and of the answer."""
    with openai.OpenAI(base_url=endpoint.url, api_key=endpoint.api_key, timeout=600) as client:
        for prompt, most in (("Say hi.", 2), (PROMPT, tokens)):
            answer = client.chat.completions.create(
                model=endpoint.model,
                messages=[{"role": "user", "content": prompt}],
                max_tokens=most,
                temperature=0,
            )
    timings = (answer.model_extra or {})["timings"]
    return timings["prompt_per_token_ms"], timings["predicted_per_token_ms"]


def measured(
    settings: Settings, tokens: int, busy: int, nice: int = 0, give_way: bool = False
) -> tuple[float, float]:
    """The same of a server of its own beside so many busy programs."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCIENTIST_RUNTIME_DIR"] = folder
        with connect(settings) as handle:
            never_rest = [sys.executable, "-c", f"import os; os.nice({nice})\nwhile True: pass"]
            others = [subprocess.Popen(never_rest, start_new_session=True) for _ in range(busy)]
            try:
                for other in others if give_way else ():
                    time.sleep(0.2)  # the kernel does not take such wishes faster
                    process.give_way(process.tree(other.pid))
                return timed(handle.endpoint, tokens)
            finally:
                for other in others:
                    other.kill()
                    other.wait()
                os.kill(embedded.servers()[0]["pid"], signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="one of: scientist model list")
    parser.add_argument("--tokens", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--nice", action="store_true", help="beside programs that are nice")
    chosen = parser.parse_args()
    settings, ours = Settings(model=chosen.model), dict(embedded.WAITING)
    nice = NICE if chosen.nice else 0
    ways = {"baseline": (ours if nice else BASELINE, False), "ours": (ours, chosen.nice)}
    for busy in BUSY:
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for _ in range(chosen.rounds):
            for name, (waiting, give_way) in ways.items():
                embedded.WAITING.clear()
                embedded.WAITING.update(waiting)
                found[name].append(measured(settings, chosen.tokens, busy, nice, give_way))
        middle = {
            name: [statistics.median(values) for values in zip(*pairs, strict=True)]
            for name, pairs in found.items()
        }
        for at, what in enumerate(("prompt", "answer")):
            base, now = middle["baseline"][at], middle["ours"][at]
            print(
                f"{busy} busy programs, {what}: baseline {base:7.1f} ms a token, "
                f"ours {now:7.1f}, ratio {now / base:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
