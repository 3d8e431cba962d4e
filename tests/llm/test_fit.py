"""Prompts stay inside the model's context, whatever the essays hold and however much was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from scripted import MODEL, Fault, ScriptedServer

from scientist.errors import ContextError
from scientist.journal import Journal
from scientist.llm import fit, prompting
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle
from scientist.llm.fit import Fitted, Shrink
from scientist.llm.prompting import Prompt
from scientist.settings import Settings

TEXT = """---
name: think
version: 1
schema: Thought
---
## system
You think about sentences.
## user
{% for sentence in sentences %}
[{{ loop.index }}] {{ sentence }}
{% endfor %}
{% for finding in findings %}
- {{ finding }}
{% endfor %}
Question: {{ question }}
"""
SENTENCE = "A learner that keeps only stable features makes fewer errors after the shift."
SHRINK = (
    Shrink("findings", keep="last", least=0, rest="scientist finding list"),
    Shrink("sentences", least=2),
    Shrink("question", least=50),
)


class Thought(BaseModel):
    thought: str


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    (tmp_path / "think.md").write_text(TEXT)
    return prompting.load("think", tmp_path)


def variables(sentences: int = 8, findings: int = 40, question: str = "why?") -> dict[str, Any]:
    return {
        "sentences": [f"{SENTENCE} ({number})" for number in range(1, sentences + 1)],
        "findings": [f"F{number}: {SENTENCE}" for number in range(1, findings + 1)],
        "question": question,
    }


def user(fitted: Fitted) -> str:
    return fitted.prompt.messages[1]["content"]


def test_what_fits_is_left_as_it_is(prompt: Prompt) -> None:
    fitted = fit.fit(prompt, variables(), SHRINK, 100_000)
    assert fitted.prompt == prompt.render(**variables())
    assert fitted.kept == {"findings": 40, "sentences": 8, "question": 4}
    assert fit.fit(prompt, variables(), SHRINK, None).prompt == fitted.prompt


def test_the_oldest_findings_go_first_and_the_prompt_says_where_they_stand(prompt: Prompt) -> None:
    fitted = fit.fit(prompt, variables(), SHRINK, 600)
    kept = fitted.kept["findings"]
    assert 0 < kept < 40
    assert fitted.kept["sentences"] == 8
    assert fitted.tokens <= 600
    shown = user(fitted)
    assert f"- and {40 - kept} more, see scientist finding list" in shown
    assert "F40:" in shown
    assert f"F{40 - kept}:" not in shown
    more = Shrink("findings", "last", least=kept + 1, rest="scientist finding list")
    assert fit.fit(prompt, variables(), [more], 600).tokens > 600, "one more would not have fitted"


def test_after_them_the_least_relevant_sentences_go_and_keep_their_numbers(prompt: Prompt) -> None:
    fitted = fit.fit(prompt, variables(), SHRINK, 200)
    assert fitted.kept["findings"] == 0
    assert 2 <= fitted.kept["sentences"] < 8
    assert f"[{fitted.kept['sentences']}] {SENTENCE} ({fitted.kept['sentences']})" in user(fitted)
    assert fitted.tokens <= 200


def test_a_hostile_sentence_is_cut_at_a_word_and_costs_no_other_its_place(prompt: Prompt) -> None:
    given = variables(findings=0)
    given["sentences"][3] = "A never ending sentence " * 300
    fitted = fit.fit(prompt, given, SHRINK, 600)
    assert fitted.kept["sentences"] == 8
    assert fitted.tokens <= 600
    line = next(line for line in user(fitted).splitlines() if line.startswith("[4]"))
    assert len(line) <= max(fit.LENGTHS) + 4
    assert line.endswith("sentence …") or line.endswith("ending …") or line.endswith("never …")
    assert len(given["sentences"][3]) == 7200, "what is quoted stays whole"


@pytest.mark.parametrize("text", ["x" * 5000, "x" * 5000 + " y", "\n" * 5000, "例" * 5000])
def test_a_text_without_words_is_cut_all_the_same(text: str) -> None:
    for keep in ("first", "last"):
        shown = fit.cut(text, 100, keep)  # type: ignore[arg-type]  # a loop over its two values
        assert len(shown) <= 100
        assert "…" in shown


def test_the_end_of_a_text_can_be_what_stays() -> None:
    trace = "line one of it\n" * 50 + "ValueError: shapes do not match"
    assert fit.cut(trace, 60, "last").endswith("ValueError: shapes do not match")
    assert fit.cut("short", 60) == "short"


def test_an_endless_question_does_not_drive_out_all_else(prompt: Prompt) -> None:
    fitted = fit.fit(prompt, variables(question="why is it so, " * 9000), SHRINK, 900)
    assert fitted.tokens <= 900
    assert fitted.kept["sentences"] == 2
    assert "Question: why is it so," in user(fitted)


def test_what_is_not_there_need_not_be_shortened(prompt: Prompt) -> None:
    given = {**variables(findings=0), "question": None}
    fitted = fit.fit(prompt, given, SHRINK, 150)
    assert (fitted.kept["findings"], fitted.kept["question"]) == (0, 0)
    assert fitted.tokens <= 150
    assert "more, see" not in user(fitted)


def test_what_cannot_be_shortened_any_more_is_sent_for_the_server_to_judge(prompt: Prompt) -> None:
    fitted = fit.fit(prompt, variables(), SHRINK, 1)
    assert fitted.kept == {"findings": 0, "sentences": 2, "question": 4}
    assert fitted.tokens > 1


def test_the_rate_is_what_the_server_counted_for_long_enough_prompts() -> None:
    long = [{"role": "user", "content": SENTENCE * 20}]
    short = [{"role": "user", "content": "hello"}]
    counted = fit.weight(SENTENCE * 20) // 5
    assert fit.rate_of([]) == fit.rate_of([(short, 40), (long, 0)]) == fit.RATE
    assert fit.rate_of([(long, counted), (short, 40)]) == pytest.approx(fit.SAFETY / 5, rel=0.01)


def test_repairs_push_out_older_ones_and_never_the_prompt() -> None:
    first = [{"role": "system", "content": "s"}, {"role": "user", "content": SENTENCE}]
    tries = [
        {"role": role, "content": f"{role} {number} " + "words " * 50}
        for number in range(3)
        for role in ("assistant", "user")
    ]
    messages = [*first, *tries]
    room = fit.tokens([*first, *tries[-2:]])
    fit.trim(messages, 2, room)
    assert messages == [*first, *tries[-2:]]
    fit.trim(messages, 2, room - 30)
    assert messages[:2] == first
    assert messages[3] == tries[-1]
    assert messages[2]["content"].endswith("…")
    assert fit.tokens(messages) <= room - 30
    fit.trim(messages, 2, None)
    assert len(messages) == 4


# -- through the client -------------------------------------------------------------------


def client_of(
    server: ScriptedServer, context: int | None, journal: Journal | None = None
) -> Client:
    handle = Handle(Endpoint(server.url, "none", MODEL, "external", context=context))
    return Client(handle, Settings(retries=0, repairs=2, max_output=200), journal, "C1")


def believing(context: int) -> Any:
    """A server that counts one token for three letters and refuses what is longer."""

    def answer(request: dict[str, Any]) -> Any:
        used = sum(len(message["content"]) for message in request["messages"]) // 3
        if used + request["max_tokens"] > context:
            return Fault(
                400,
                f"This model's maximum context length is {context} tokens. However, your request "
                f"has {used} input tokens.",
            )
        return {"thought": "so it is"}

    return answer


@pytest.mark.parametrize("told", [2048, None], ids=["known context", "unknown context"])
def test_a_prompt_far_too_long_is_answered_within_the_context(
    prompt: Prompt, told: int | None
) -> None:
    seen: list[Fitted] = []

    def schema(fitted: Fitted) -> type[Thought]:
        seen.append(fitted)
        return Thought

    given = variables(sentences=60, findings=400, question="why, " * 2000)
    given["sentences"][0] *= 60
    with ScriptedServer(script=believing(2048)) as server, client_of(server, told) as client:
        answer = client.ask_within(prompt, given, SHRINK, schema)
    assert answer.value.thought == "so it is"
    assert len(seen) == len(server.requests) == (1 if told else 2)
    assert seen[-1].kept["sentences"] >= 2
    assert user(seen[-1]) == server.requests[-1]["messages"][1]["content"]


def test_a_server_that_never_has_enough_room_is_an_error_with_the_way_out(prompt: Prompt) -> None:
    with (
        ScriptedServer(
            [Fault(400, "the request exceeds the available context size")] * 2
        ) as server,
        client_of(server, None) as client,
        pytest.raises(ContextError) as caught,
    ):
        client.ask_within(prompt, variables(), SHRINK, lambda _: Thought)
    assert "SCIENTIST_CONTEXT" in caught.value.hint
    server.assert_done()


def test_repair_turns_stay_inside_the_context(prompt: Prompt) -> None:
    context = 700
    long = json.dumps({"wrong": "word " * 700})
    with (
        ScriptedServer([long, long, {"thought": "ok"}]) as server,
        client_of(server, context) as client,
    ):
        client.ask_within(prompt, variables(findings=0, sentences=2), SHRINK, lambda _: Thought)
        server.assert_done()
    first = server.requests[0]["messages"]
    for request in server.requests[1:]:
        assert request["messages"][:2] == first
        assert "does not fit the schema" in request["messages"][-1]["content"]
        # the server's own count of what it was sent, not the client's estimate
        assert len(json.dumps(request["messages"])) // 4 + request["max_tokens"] <= context


def test_a_resumed_campaign_goes_on_with_the_rate_it_had_learned(
    prompt: Prompt, journal: Journal
) -> None:
    given = variables(findings=0, question="why? " * 300)
    with ScriptedServer([{"thought": "one"}, {"thought": "two"}]) as server:
        with client_of(server, 4000, journal) as client:
            client.ask_within(prompt, given, SHRINK, lambda _: Thought)
            learned = client.rate()
        assert learned != fit.RATE
        with client_of(server, 4000, journal) as again:
            assert again.rate() == learned
