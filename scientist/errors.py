"""Every failure a user can cause or meet, with its hint and exit code.

ScientistError                1  something failed
├── UsageError                2  the request itself is wrong
├── EndpointError             3  no usable model endpoint
├── ModelOutputError          1  the model answered, but not what was asked for
├── ContextError              1  what was asked is longer than the model's context
├── WeightsError              1  weights missing, damaged or not downloadable
├── WorkspaceError            1  the workspace cannot be read or written
├── JournalError              5  the record does not verify
├── BudgetError               4  a budget ended before the first finding
├── SandboxError              6  no safe sandbox
└── Interrupted             130  the user stopped the command

The command line prints `error: message` and `hint: hint`; nothing else does.
"""

from __future__ import annotations


class ScientistError(Exception):
    """A failure with a message, a hint that fixes it, a kind and an exit code."""

    kind = "failed"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def envelope(self) -> dict[str, dict[str, str]]:
        """What `--json` prints in place of a result."""
        return {"error": {"kind": self.kind, "message": self.message, "hint": self.hint}}


class UsageError(ScientistError):
    kind = "usage"
    exit_code = 2


class EndpointError(ScientistError):
    kind = "endpoint"
    exit_code = 3


class ModelOutputError(ScientistError):
    kind = "model_output"


class ContextError(ScientistError):
    """What a server said of it: how long its context is and how many tokens the prompt has."""

    kind = "context"

    def __init__(
        self, message: str, hint: str = "", context: int | None = None, needed: int | None = None
    ) -> None:
        super().__init__(message, hint)
        self.context = context
        self.needed = needed


class WeightsError(ScientistError):
    kind = "weights"


class WorkspaceError(ScientistError):
    kind = "workspace"


class JournalError(ScientistError):
    kind = "verification"
    exit_code = 5


class BudgetError(ScientistError):
    kind = "budget"
    exit_code = 4


class SandboxError(ScientistError):
    kind = "sandbox"
    exit_code = 6


class Interrupted(ScientistError):
    kind = "interrupted"
    exit_code = 130


def interrupted(fault: BaseException | None) -> bool:
    """Whether it is a Ctrl-C, or what Python or a library made of one on its way."""
    while fault is not None and not isinstance(fault, KeyboardInterrupt):
        last = str(fault).strip().rpartition("\n")[2].strip()
        if last.startswith("KeyboardInterrupt"):  # pydantic keeps no more than its name
            return True
        fault = fault.__cause__
    return fault is not None
