"""Seals before trials: every protocol is what was sealed, with its code, before it was measured."""

from __future__ import annotations

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry
from scientist.journal.costs import MEASURING
from scientist.science import protocol as protocols

_STEPS = ("looked", "experiment_finished", "judged")


def check(audit: Audit) -> None:
    """In this order: hypothesis, seal, start, measured trials, look, end, judgement."""
    seals: dict[str, int] = {}
    running: dict[str, str] = {}
    folders: dict[str, int] = {}
    launched: dict[str, int] = {}
    proposed: set[str] = set()
    kinds = ("hypothesis_proposed", "protocol_sealed", "experiment_started", "tool_called")
    for entry in audit.journal.entries(*kinds, *_STEPS, "finding_recorded"):
        data = entry.data
        match entry.kind:
            case "hypothesis_proposed":
                proposed.add(data["hypothesis"]["id"])
            case "protocol_sealed":
                _sealed(entry, proposed, seals)
                seals[data["digest"]] = entry.seq
            case "tool_called" if data["tool"] == MEASURING:
                folder = str(data["arguments"].get("folder", "")).rpartition("-")[0]
                launched.setdefault(folder, entry.seq)
            case "experiment_started":
                if data["protocol_digest"] not in seals:
                    raise _early(entry, "began")
                running[data["experiment"]] = data["protocol_digest"]
                folders[data["run_folder"]] = seals[data["protocol_digest"]]
            case "finding_recorded":
                digest = data["finding"]["protocol_digest"]
                if digest and digest not in seals:
                    raise Broken(
                        f"{data['finding']['id']} rests on a protocol that was never sealed",
                        f"event {entry.seq}",
                    )
            case kind if (
                kind in _STEPS and running.get(data["experiment"]) != (data["protocol_digest"])
            ):
                raise _early(entry, f"was {kind.removeprefix('experiment_')}")
    for folder, seal in folders.items():
        if launched.get(folder, seal + 1) < seal:
            raise Broken(
                "measured trials were launched before their protocol was sealed",
                f"event {launched[folder]}",
                {digest for digest, seq in seals.items() if seq == seal},
            )
    audit.count("protocols", len(seals))


def _sealed(entry: Entry, proposed: set[str], seals: dict[str, int]) -> None:
    data, place = entry.data, f"event {entry.seq}"
    digest, plan = data["digest"], data["protocol"]
    if protocols.digest(plan) != digest:
        raise Broken(
            f"the protocol on record is not the one that was sealed as {digest[:12]}",
            place,
            {digest},
        )
    if data["code_blob"] != plan["code_hash"]:
        raise Broken("the code on record is not the code that was sealed", place, {digest})
    if digest in seals:
        raise Broken(f"protocol {digest[:12]} was sealed twice", place, {digest})
    if plan["hypothesis"] not in proposed:
        raise Broken(f"{plan['hypothesis']} was sealed before it was proposed", place)


def _early(entry: Entry, what: str) -> Broken:
    name = entry.data["experiment"]
    return Broken(
        f"experiment {name} {what} without a sealed protocol before it", f"event {entry.seq}"
    )
