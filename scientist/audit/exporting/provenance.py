"""PROV: what was made from what, by which call or run, on whose behalf.

Entities are essays, hypotheses, code, protocols, trials and findings; activities the campaign, its
model calls and its experiments; agents this program and the models.
"""

from __future__ import annotations

import datetime
from io import StringIO
from typing import Any
from urllib.parse import quote

from scientist import __version__
from scientist.audit.exporting.collect import Gathered, need
from scientist.journal import Entry

FORMATS = {".provn": "provn", ".json": "json"}
SPACE = "urn:scientist:"


def prov(gathered: Gathered, suffix: str) -> str:
    """The document, as PROV-N where the name of the file asks for it, else as PROV-JSON."""
    need("prov", "the format prov")
    document = _Document(gathered).write()
    found = StringIO()
    document.serialize(found, format=FORMATS.get(suffix, "json"))
    return found.getvalue().rstrip("\n") + "\n"


class _Document:
    """A PROV document while the events are read."""

    def __init__(self, gathered: Gathered) -> None:
        from prov.model import ProvDocument

        self._gathered = gathered
        self._made: Any = ProvDocument()
        self._made.add_namespace("s", SPACE)
        self._made.add_namespace("schema", "https://schema.org/")
        self._known: set[str] = set()
        self._calls: list[str] = []
        self._ends = {one.data["experiment"]: one for one in gathered.of("experiment_finished")}

    def write(self) -> Any:
        opened, closed = self._gathered.opened, self._gathered.closed
        self._agent("scientist", {"schema:softwareVersion": __version__})
        end = _time(closed) if closed else None
        self._activity(self._gathered.campaign, "Campaign", _time(opened), end, opened)
        for entry in self._gathered.entries:
            self._take(entry)
        return self._made

    def _take(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "essay_added":
                title = {"prov:label": data["title"], "s:sha256": data["source_blob"]}
                self._entity(data["essay"], "Essay", entry, title)
            case "effect_intended":
                self._calls = []
            case "model_called":
                self._called(entry)
            case "hypothesis_proposed":
                self._proposed(entry, data["hypothesis"])
            case "code_written":
                self._entity(data["code_hash"], "Code", entry)
                self._by(data["code_hash"], entry)
                self._from(data["code_hash"], data["hypothesis"])
            case "protocol_sealed":
                plan = data["protocol"]
                self._entity(data["code_blob"], "Code", entry)
                self._entity(data["digest"], "Protocol", entry)
                self._by(data["digest"], entry, calls=False)
                self._from(data["digest"], plan["hypothesis"])
                self._from(data["digest"], data["code_blob"])
            case "experiment_started":
                name, end = data["experiment"], self._ends.get(data["experiment"])
                self._activity(name, "Experiment", _time(entry), end and _time(end), entry)
                self._uses(data["experiment"], data["protocol_digest"])
            case "experiment_finished" if data["trials_blob"]:
                self._entity(data["trials_blob"], "Trials", entry)
                self._made.wasGeneratedBy(
                    _id(data["trials_blob"]), _id(data["experiment"]), _time(entry)
                )
            case "finding_recorded":
                self._found(entry, data["finding"])

    def _called(self, entry: Entry) -> None:
        data, name = entry.data, f"call-{entry.seq}"
        end = _time(entry)
        begin = end - datetime.timedelta(seconds=float(data["seconds"]))
        self._activity(name, "ModelCall", begin, end, entry)
        model = f"model:{data['model_digest'] or data['model']}"
        self._agent(model, {"prov:label": data["model"]})
        self._made.wasAssociatedWith(_id(name), _id(model))
        self._made.actedOnBehalfOf(_id(model), _id("scientist"), _id(name))
        self._calls.append(name)
        for what, field in (("request", "request_blob"), ("response", "response_blob")):
            if not data[field]:
                continue
            self._entity(data[field], what.capitalize(), entry)
            if what == "request":
                self._uses(name, data[field])
            else:
                self._made.wasGeneratedBy(_id(data[field]), _id(name), end)

    def _proposed(self, entry: Entry, found: dict[str, Any]) -> None:
        self._entity(found["id"], "Hypothesis", entry, {"prov:label": found["statement"]})
        self._by(found["id"], entry)
        for one in found["quotes"]:
            address = f"{one['essay']}:{one['sentence']}"
            self._entity(address, "Quote", entry, {"prov:value": one["text"]})
            self._from(address, one["essay"])
            self._from(found["id"], address)
        for one in found.get("builds_on", ()):
            self._from(found["id"], one)

    def _found(self, entry: Entry, found: dict[str, Any]) -> None:
        told = {"prov:label": found["statement"], "s:verdict": found["judgement"]["verdict"]}
        self._entity(found["id"], "Finding", entry, told)
        self._by(found["id"], entry, calls=False)
        first = (found.get("first") or {}).get("trials_blob")
        for one in (found["trials_blob"], first, found["hypothesis"], found["protocol_digest"]):
            if one:
                self._from(found["id"], one)

    def _entity(
        self, name: str, kind: str, entry: Entry, more: dict[str, Any] | None = None
    ) -> None:
        if name not in self._known:
            self._known.add(name)
            said = {"prov:type": kind, "s:event": entry.seq, "s:hash": entry.hash}
            self._made.entity(_id(name), {**said, **(more or {})})

    def _activity(self, name: str, kind: str, begin: Any, end: Any, entry: Entry) -> None:
        said = {"prov:type": kind, "s:event": entry.seq, "s:hash": entry.hash}
        self._made.activity(_id(name), begin, end, said)
        self._made.wasAssociatedWith(_id(name), _id("scientist"))
        if name != self._gathered.campaign:
            self._made.wasInformedBy(_id(name), _id(self._gathered.campaign))

    def _agent(self, name: str, more: dict[str, Any]) -> None:
        if name not in self._known:
            self._known.add(name)
            self._made.agent(_id(name), {"prov:type": "SoftwareAgent", **more})

    def _by(self, name: str, entry: Entry, calls: bool = True) -> None:
        """By which call it was made; the last one, if it took several."""
        maker = self._calls[-1] if calls and self._calls else self._gathered.campaign
        time = _time(entry) if maker == self._gathered.campaign else None  # a call is over by then
        self._made.wasGeneratedBy(_id(name), _id(maker), time)

    def _from(self, name: str, source: str) -> None:
        self._made.wasDerivedFrom(_id(name), _id(source))

    def _uses(self, activity: str, entity: str) -> None:
        self._made.used(_id(activity), _id(entity))


def _id(name: str) -> str:
    return f"s:{quote(name, safe='')}"


def _time(entry: Entry) -> datetime.datetime:
    return datetime.datetime.fromisoformat(entry.time)
