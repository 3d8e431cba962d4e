"""The command line that follows from the cards, the model and what was asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scientist.errors import EndpointError
from scientist.llm.serving import cards, flags, table
from scientist.llm.serving.cards import Card, NoAnswer
from scientist.llm.serving.wishes import Wish

T4 = Card("Tesla T4", 15360, 15000, (7, 5), "535.104.05")
H100 = Card("NVIDIA H100 80GB HBM3", 81559, 81000, (9, 0), "550.54.15")


def options(source: str = "o/m", wish: Wish | None = None, found: list[Card] | None = None) -> str:
    return " ".join(flags.command("python", source, source, wish or Wish(), found or []))


def folder(place: Path, **facts: object) -> str:
    (place / "config.json").write_text(json.dumps(facts))
    return str(place)


def test_a_modern_card_gives_most_of_its_memory_and_keeps_the_models_data_type() -> None:
    told = options(found=[H100])
    assert "--gpu-memory-utilization 0.90" in told
    assert "--dtype auto" in told
    assert "--enable-prefix-caching" in told
    assert "tensor-parallel" not in told
    assert "--enforce-eager" not in told


def test_a_card_without_bfloat16_is_given_float16() -> None:
    assert "--dtype float16" in options(found=[T4])


def test_what_others_hold_of_a_card_is_left_to_them() -> None:
    busy = Card("NVIDIA A10G", 24576, 14336, (8, 6), "550")
    assert "--gpu-memory-utilization 0.54" in options(found=[busy])


def test_a_card_that_others_fill_is_named() -> None:
    full = Card("NVIDIA A10G", 24576, 2000, (8, 6), "550")
    with pytest.raises(EndpointError, match="2000 of 24576 MB free") as caught:
        options(found=[full])
    assert "nvidia-smi" in caught.value.hint


@pytest.mark.parametrize(
    ("cards_", "heads", "together"),
    [(1, 32, 1), (2, 32, 2), (3, 32, 2), (8, 64, 8), (8, 12, 4), (4, 9, 1), (4, None, 4)],
)
def test_cards_share_the_layers_as_far_as_the_heads_allow(
    tmp_path: Path, cards_: int, heads: int | None, together: int
) -> None:
    source = folder(tmp_path, **({"num_attention_heads": heads} if heads else {}))
    told = options(source, found=[H100] * cards_)
    assert flags.together(cards_, heads) == together
    assert (f"--tensor-parallel-size {together}" in told) == (together > 1)


@pytest.mark.parametrize(
    ("native", "wished", "found", "length"),
    [
        (131072, None, [H100], 32768),
        (4096, None, [H100], 4096),
        (131072, 65536, [H100], 65536),
        (131072, None, [], 8192),
    ],
)
def test_the_context_is_the_models_own_up_to_what_is_of_use(
    tmp_path: Path, native: int, wished: int | None, found: list[Card], length: int
) -> None:
    source = folder(tmp_path, max_position_embeddings=native)
    assert f"--max-model-len {length}" in options(source, Wish(context=wished), found)


def test_a_context_that_nobody_knows_is_left_to_the_server() -> None:
    assert "--max-model-len" not in options("unknown/model", found=[H100])
    assert "--max-model-len 16384" in options("microsoft/phi-4", found=[H100])


@pytest.mark.parametrize(
    ("name", "tools", "reasoning"),
    [
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "hermes", ""),
        ("Qwen/Qwen3-8B", "hermes", "qwen3"),
        ("Qwen/Qwen3-4B-Instruct-2507", "hermes", ""),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3_coder", ""),
        ("openai/gpt-oss-20b", "openai", "openai_gptoss"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3_json", ""),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "", "deepseek_r1"),
        ("microsoft/phi-4", "", ""),
    ],
)
def test_a_family_gets_its_parsers(name: str, tools: str, reasoning: str) -> None:
    assert table.parsers(name) == table.Parsers(tools, reasoning)
    told = options(name, found=[H100])
    assert ("--enable-auto-tool-choice" in told) == bool(tools)
    assert (f"--reasoning-parser {reasoning}" in told) == bool(reasoning)


def test_what_a_user_adds_comes_last() -> None:
    assert options(wish=Wish(more=("--dtype", "float32"))).endswith("--dtype float32")


def test_the_largest_model_that_fits_is_recommended() -> None:
    assert table.fitting([]) is None
    fits = {
        "one T4": table.fitting([T4]),
        "one H100": table.fitting([H100]),
        "two H100": table.fitting([H100, H100]),
    }
    assert {k: v and v.name for k, v in fits.items()} == {
        "one T4": "Qwen/Qwen3-4B-Instruct-2507",
        "one H100": "openai/gpt-oss-120b",
        "two H100": "meta-llama/Llama-3.3-70B-Instruct",
    }
    sizes = [model.gigabytes for model in table.models()]
    assert sizes == sorted(sizes)


def driver(folder_: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = folder_ / cards.TOOL
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder_}{os.pathsep}{os.environ['PATH']}")


def test_cards_are_read_as_the_driver_tells_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "NVIDIA H100 80GB HBM3, 81559, 81000, 9.0, 550.54.15\\nTesla T4, 15360, 15000, 7.5, 535"
    driver(tmp_path, monkeypatch, f"printf '{told}\\n'")
    assert cards.cards() == [H100, Card("Tesla T4", 15360, 15000, (7, 5), "535")]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'NVIDIA-SMI has failed' >&2; exit 9", "NVIDIA-SMI has failed"),
        ("echo 'a card, [N/A], [N/A], 9.0, 550'", "what is not understood"),
    ],
)
def test_a_driver_that_does_not_tell_is_an_error_and_no_missing_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    driver(tmp_path, monkeypatch, script)
    with pytest.raises(NoAnswer, match=says):
        cards.cards()
