"""OpenTelemetry: a campaign as one trace; phases, model calls, tools and experiments as spans.

The encoding is OTLP's JSON, one line; model calls follow the conventions for generative AI. Blobs
are named by their hash, not sent along.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

from scientist import __version__
from scientist.audit.exporting.collect import Gathered, need
from scientist.journal import Entry

TOLD = ("finding_recorded", "protocol_sealed", "hypothesis_proposed", "conflict_found", "degraded")


def otel(gathered: Gathered) -> str:
    """One OTLP message as JSON."""
    need("opentelemetry.proto", "the format otel")
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    traces = TracesData()
    resource = traces.resource_spans.add()
    _put(resource.resource.attributes, {"service.name": "scientist"})
    _put(resource.resource.attributes, {"service.version": __version__})
    scope = resource.scope_spans.add()
    scope.scope.name, scope.scope.version = "scientist.journal", __version__
    _Spans(gathered, scope.spans).write()
    found = MessageToDict(traces, use_integers_for_enums=True)
    return json.dumps(_hex(found), ensure_ascii=False) + "\n"


class _Spans:
    """The spans of one campaign while its events are read."""

    def __init__(self, gathered: Gathered, spans: Any) -> None:
        self._gathered = gathered
        self._spans = spans
        self._trace = hashlib.sha256(gathered.opened.hash.encode()).digest()[:16]
        own = [one for one in gathered.entries if one.campaign == gathered.campaign]
        self._own, self._end = own, _nanoseconds(own[-1].time)
        self._root = self._span(f"campaign {gathered.campaign}", own[0], None)
        self._phase: Any = None
        self._running: dict[str, Any] = {}

    def write(self) -> None:
        data = self._gathered.opened.data
        self._say(self._root, {"scientist.question": data.get("question") or ""})
        for entry in self._own:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "phase_started":
                self._phase = self._span(str(data["phase"]), entry, self._root)
                self._say(self._phase, {"scientist.round": data["round"]})
            case "phase_finished":
                if self._phase is not None:
                    self._phase.end_time_unix_nano = _nanoseconds(entry.time)
                self._phase = None
            case "model_called":
                self._called(entry)
            case "tool_called":
                span = self._took(f"execute_tool {data['tool']}", entry)
                self._say(span, {"gen_ai.operation.name": "execute_tool"})
                self._say(span, {"gen_ai.tool.name": data["tool"], "outcome": data["outcome"]})
                if data["outcome"] == "failed":
                    _fail(span, str(data["summary"]))
            case "experiment_started":
                name = str(data["experiment"])
                self._running[name] = self._span(f"experiment {name}", entry, self._root)
                digest = data["protocol_digest"]
                self._say(self._running[name], {"scientist.protocol": digest})
            case "experiment_finished" if data["experiment"] in self._running:
                span = self._running[data["experiment"]]
                span.end_time_unix_nano = _nanoseconds(entry.time)
                self._say(span, {"scientist.trials": data["trials"], "outcome": data["status"]})
                self._say(span, {"scientist.trials_blob": data["trials_blob"] or ""})
                if data["status"] != "done":
                    _fail(span, str(data["reason"]))
            case kind if kind in TOLD:
                self._told(entry)

    def _called(self, entry: Entry) -> None:
        data = entry.data
        span = self._took(f"chat {data['model']}", entry)
        span.kind = 3  # a client's
        self._say(
            span,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": data["model"],
                "gen_ai.request.temperature": float(data["temperature"]),
                "gen_ai.usage.input_tokens": data["usage"]["prompt"],
                "gen_ai.usage.output_tokens": data["usage"]["completion"],
                "scientist.usage.cached_tokens": data["usage"]["cached"],
                "scientist.prompt": f"{data['prompt']}@{data['prompt_version']}",
                "scientist.prompt_hash": data["prompt_hash"],
                "scientist.model_digest": data["model_digest"],
                "scientist.request_blob": data["request_blob"],
                "scientist.response_blob": data["response_blob"],
            },
        )
        if data["seed"] is not None:
            self._say(span, {"gen_ai.request.seed": data["seed"]})
        if data["outcome"] != "valid":
            _fail(span, f"{data['outcome']}: {data['problem']}")

    def _told(self, entry: Entry) -> None:
        """What has no length is an event of the phase in which it happened."""
        event = (self._phase or self._root).events.add()
        event.name, event.time_unix_nano = entry.kind, _nanoseconds(entry.time)
        said = {"scientist.event": entry.seq, "scientist.hash": entry.hash}
        found = entry.data.get("finding") or entry.data.get("hypothesis") or {}
        if isinstance(found, dict) and "statement" in found:
            said |= {"scientist.id": found["id"], "scientist.statement": found["statement"]}
        _put(event.attributes, said)

    def _took(self, name: str, entry: Entry) -> Any:
        """A span that ended with its event."""
        span = self._span(name, entry, self._phase or self._root)
        span.end_time_unix_nano = _nanoseconds(entry.time)
        span.start_time_unix_nano = span.end_time_unix_nano - round(entry.data["seconds"] * 1e9)
        return span

    def _span(self, name: str, entry: Entry, parent: Any) -> Any:
        span = self._spans.add()
        span.name, span.trace_id, span.kind = name, self._trace, 1
        span.span_id = hashlib.sha256(f"{entry.hash} span".encode()).digest()[:8]
        if parent is not None:
            span.parent_span_id = parent.span_id
        span.start_time_unix_nano = _nanoseconds(entry.time)
        span.end_time_unix_nano = self._end
        self._say(span, {"scientist.event": entry.seq, "scientist.hash": entry.hash})
        return span

    def _say(self, span: Any, attributes: dict[str, Any]) -> None:
        _put(span.attributes, attributes)


def _put(into: Any, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        one = into.add()
        one.key = name
        if isinstance(value, bool):
            one.value.bool_value = value
        elif isinstance(value, int):
            one.value.int_value = value
        elif isinstance(value, float):
            one.value.double_value = value
        else:
            one.value.string_value = str(value)


def _fail(span: Any, message: str) -> None:
    span.status.code, span.status.message = 2, message


def _nanoseconds(time: str) -> int:
    since = datetime.datetime.fromisoformat(time) - datetime.datetime(
        1970, 1, 1, tzinfo=datetime.UTC
    )
    return (since // datetime.timedelta(microseconds=1)) * 1000


def _hex(found: Any) -> Any:
    """Ids as OTLP's JSON wants them: in hex, where protobuf's has base64."""
    import base64

    if isinstance(found, list):
        return [_hex(one) for one in found]
    if not isinstance(found, dict):
        return found
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64decode(one).hex() if key in ids else _hex(one) for key, one in found.items()
    }
