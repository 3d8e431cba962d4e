"""RO-Crate: the campaign as a folder or a zip that says of each file what it is.

Its events as they stand in the journal, the blobs they name, the essays; each experiment is an
action with code, plan and trials; each finding is a claim that its trials bear out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from scientist import __version__
from scientist.audit.exporting.collect import Gathered, named, need
from scientist.errors import UsageError
from scientist.journal import Entry
from scientist.records import clean

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERM = "https://w3id.org/ro/terms/workflow-run#sha256"
ENDINGS = {
    "code": (".py", "text/x-python"),
    "trials": (".jsonl", "application/jsonl"),
    "passages": (".jsonl", "application/jsonl"),
    "text": (".txt", "text/plain"),
    "request": (".json", "application/json"),
    "response": (".txt", "text/plain"),
    "output": (".txt", "text/plain"),
}


def crate(gathered: Gathered, place: Path) -> int:
    """Write the crate and return how many files it has; nothing that is there is overwritten."""
    need("rocrate", "the format ro-crate")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(
            f"{place} is there already",
            f"scientist audit export {gathered.campaign} --format ro-crate -o ANOTHER",
        )
    with tempfile.TemporaryDirectory() as folder:
        made, files = _made(gathered, Path(folder))
        if place.suffix == ".zip":
            made.write_zip(place)
        else:
            made.write(place)
    return files


def _made(gathered: Gathered, folder: Path) -> tuple[Any, int]:
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    found = ROCrate(gen_preview=False, version="1.1")  # of which the profile is an extension
    found.name = f"Campaign {gathered.campaign} of scientist"
    question = clean(str(gathered.opened.data.get("question") or "the essays, without a question"))
    found.description = f"What was read, proposed, sealed, measured and found on: {question}"
    end = gathered.closed or gathered.entries[-1]
    found.datePublished = _time(end)
    found.metadata.extra_terms["sha256"] = TERM
    found.root_dataset["license"] = found.add(
        ContextEntity(
            found,
            "#license",
            {
                "@type": "CreativeWork",
                "name": "no licence was stated",
                "description": "Whoever made this record has not said how it may be used.",
            },
        )
    )
    profile = ContextEntity(
        found, PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    )
    found.root_dataset["conformsTo"] = found.add(profile)
    tool = found.add(
        ContextEntity(
            found,
            f"urn:scientist:{__version__}",
            {
                "@type": "SoftwareApplication",
                "name": "scientist",
                "softwareVersion": __version__,
            },
        )
    )
    record = folder / "events.jsonl"
    record.write_bytes(b"".join(gathered.lines))
    found.add_file(
        record,
        "events.jsonl",
        properties={
            "name": "the events, as they stand in the journal",
            "description": "each line ends with the SHA-256 of what is before it",
            "encodingFormat": "application/jsonl",
        },
    )
    files = _files(gathered, found)
    _actions(gathered, found, files, tool)
    return found, len(files) + 1


def _files(gathered: Gathered, found: Any) -> dict[str, Any]:
    """A file for each blob that an event names, by its hash."""
    files: dict[str, Any] = {}
    for entry in gathered.entries:
        for digest, field in named(entry).items():
            path = gathered.path(digest)
            if digest in files or not path.is_file():
                continue
            content = gathered.journal.get(digest)  # checked against its hash
            what = "code" if field == "code_hash" else field.removesuffix("s").removesuffix("_blob")
            ending, form = ENDINGS.get(what, ("", "application/octet-stream"))
            files[digest] = found.add_file(
                path,
                f"{what}/{digest}{ending}",
                properties={
                    "name": f"{what} of event {entry.seq} ({entry.kind})",
                    "encodingFormat": form,
                    "sha256": digest,
                    "contentSize": str(len(content)),
                },
            )
    return files


def _actions(gathered: Gathered, found: Any, files: dict[str, Any], tool: Any) -> None:
    from rocrate.model.contextentity import ContextEntity

    plans = {one.data["digest"]: one for one in gathered.of("protocol_sealed")}
    begun = {one.data["experiment"]: one for one in gathered.of("experiment_started")}
    actions = []
    for entry in gathered.of("experiment_finished"):
        name, start = entry.data["experiment"], begun.get(entry.data["experiment"])
        plan = plans.get(entry.data["protocol_digest"])
        action = ContextEntity(
            found,
            f"#{name}",
            {
                "@type": "CreateAction",
                "name": f"experiment {name}",
                "description": _planned(plan.data["protocol"]) if plan else "",
                "startTime": _time(start or entry),
                "endTime": _time(entry),
                "actionStatus": f"http://schema.org/{_status(entry.data['status'])}",
            },
        )
        found.add(action)
        action["instrument"] = tool
        code = files.get(plan.data["code_blob"]) if plan else None
        trials = files.get(entry.data["trials_blob"] or "")
        if code is not None:
            action["object"] = code
        if trials is not None:
            action["result"] = trials
        actions.append(action)
    if actions:
        found.root_dataset["mentions"] = actions
    for entry in gathered.of("finding_recorded"):
        record = entry.data["finding"]
        claim = ContextEntity(
            found,
            f"#{record['id']}",
            {"@type": "Claim", "name": record["id"], "text": record["statement"]},
        )
        found.add(claim)
        if behind := files.get(record["trials_blob"] or ""):
            claim["isBasedOn"] = behind
        found.root_dataset.append_to("about", claim)


def _planned(plan: dict[str, Any]) -> str:
    return (
        f"{plan['treatment']} against {plan['control']} on {plan['metric']}, expected to "
        f"{plan['direction']} it, {len(plan['seeds'])} seeds"
    )


def _time(entry: Entry) -> str:
    """To the second, as the profile's validator reads times."""
    return f"{entry.time[:19]}+00:00"


def _status(status: str) -> str:
    return "CompletedActionStatus" if status == "done" else "FailedActionStatus"
