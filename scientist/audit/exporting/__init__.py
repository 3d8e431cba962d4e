"""A campaign for other people's tools: RO-Crate, OpenTelemetry, PROV, or the journal's own lines.

`collect` gathers what belongs to it; `crate`, `spans` and `provenance` write it down with the
libraries that the formats' communities keep (extra `export`); `lines` needs none.
"""

from scientist.audit.exporting.collect import Gathered, collect

__all__ = ["Gathered", "collect"]
