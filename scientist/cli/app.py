"""The Typer application: commands by group, and the one place where errors become exits."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from scientist.cli import (
    ask,
    audit,
    beliefs,
    chat,
    check,
    claims,
    config,
    corpus,
    doctor,
    experiments,
    findings,
    hypotheses,
    kits,
    mcp,
    models,
    output,
    rebuild,
    run,
)
from scientist.errors import Interrupted, ScientistError, UsageError, interrupted

app = typer.Typer(
    name="scientist",
    help="Read essays, form hypotheses, run sealed experiments, keep a record that verifies.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from scientist import __version__

        output.result(f"scientist {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="show the version"),
    ] = False,
) -> None:
    """A local-first research assistant."""


app.command("run")(run.run)
app.command("chat")(chat.chat)
app.command("ask")(ask.ask)
app.add_typer(corpus.app, name="corpus")
app.add_typer(hypotheses.app, name="hypothesis")
app.add_typer(experiments.app, name="experiment")
app.add_typer(findings.app, name="finding")
app.add_typer(beliefs.app, name="belief")
app.add_typer(claims.app, name="claim")
app.add_typer(kits.app, name="kit")
app.add_typer(models.app, name="model")
app.add_typer(audit.app, name="audit")
app.command("mcp")(mcp.mcp)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app.command("rebuild")(rebuild.rebuild)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with the contract's exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    output.prepare(arguments)
    as_json = "--json" in arguments
    try:
        code = _commands().main(arguments, "scientist", standalone_mode=False)
        with output.writable():
            sys.stdout.flush()
        if code == Interrupted.exit_code:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
    except TyperException as wrong:
        sys.exit(_misused(wrong, as_json))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(output.failure(Interrupted("interrupted", ""), as_json))
    except ScientistError as fault:
        sys.exit(output.failure(fault, as_json))
    except BrokenPipeError:
        _reader_left()
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _reader_left()  # typer takes it for a failure
    except Exception as fault:
        if interrupted(fault):
            told: ScientistError = Interrupted("interrupted", "")
        elif os.environ.get("SCIENTIST_DEBUG"):
            raise
        else:
            told = ScientistError(
                f"unforeseen: {type(fault).__name__}: {fault}",
                "SCIENTIST_DEBUG=1 scientist … shows where; nothing recorded is lost",
            )
        sys.exit(output.failure(told, as_json))
    sys.exit(code if isinstance(code, int) else 0)


def _commands() -> Any:
    """All commands; a list of them tells each one's first paragraph, not what fits of it."""
    tree: Any = typer.main.get_command(app)
    groups = [tree]
    while groups:
        for command in groups.pop().commands.values():
            command.short_help = " ".join((command.help or "").partition("\n\n")[0].split())
            groups += [command] if hasattr(command, "commands") else []
    return tree


def _reader_left() -> NoReturn:
    """Nobody wants the rest (`| head`): no failure, and no complaint when the process ends."""
    output.mute(sys.stdout)
    sys.exit(0)


def _misused(wrong: TyperException, as_json: bool) -> int:
    """An unknown command, option or value; a group without a command shows its help."""
    if type(wrong).__name__ == "NoArgsIsHelpError":
        output.note(str(wrong))
        return UsageError.exit_code
    from pydantic import ValidationError

    from scientist.settings import wanted

    context: Any = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else "scientist"
    say: Any = getattr(wrong, "format_message", lambda: str(wrong))
    said = say()
    if isinstance(invalid := wrong.__cause__, ValidationError):
        (error,) = invalid.errors()
        plain = wanted(error)
        said = said.replace(error["msg"], f"it {plain}" if plain.startswith("must ") else plain)
    return output.failure(UsageError(said, f"{path} --help"), as_json)
