"""The frame round every command: the options all share, the opened home, and errors turned into exit codes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.doors import exits, output
from adapters.settings import Settings, read_settings
from governance.errors import GovernanceError
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from adapters.wiring import Home

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Directory of the tenant's log and keys [QAYD_HOME; default .qayd]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text")]
IdentityOption = Annotated[
    Path | None,
    typer.Option("--identity", help="SSH key you act with [QAYD_IDENTITY; in a play tenant its officer's key]"),
]

Command = Callable[..., int | None]


@dataclass(slots=True)
class Call:
    """One command being run: its settings, how to print, and the home once it is needed."""

    settings: Settings
    as_json: bool
    _home: Home | None = None

    @property
    def home(self) -> Home:
        """The opened home. Raises InputError when there is none, StoreFault when it cannot be opened."""
        if self._home is None:
            from adapters.wiring import open_home

            self._home = open_home(self.settings)
        return self._home

    def emit(self, document: dict[str, Any], *lines: str) -> None:
        """Print the answer in the form asked for."""
        output.emit(document, self.as_json, lines)

    def close(self) -> None:
        """Sign what was appended and release the home."""
        if self._home is not None:
            self._home.close()


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Command], Command]:
    """Register `function(call, ...)` as a command with the shared options added to its own."""

    def register(function: Command) -> Command:
        app.command(name, **options)(_framed(function))
        return function

    return register


def _framed(function: Command) -> Command:
    @functools.wraps(function)
    def run(*, home: Path | None, as_json: bool, identity: Path | None, **arguments: Any) -> None:
        raise typer.Exit(execute_call(function, home, as_json, identity, arguments))

    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    shared = [
        inspect.Parameter("home", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=HomeOption),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
        inspect.Parameter("identity", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=IdentityOption),
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def execute_call(
    function: Command, home: Path | None, as_json: bool, identity: Path | None, arguments: dict[str, Any]
) -> int:
    """Run one command; return its exit code. Expected errors are printed with their hint."""
    fault_code = exits.TRAINING_FAULT if function.__name__ == "training_run" else None
    try:
        call = Call(read_settings(home=home, identity=identity), as_json)
        try:
            code = function(call, **arguments)
        finally:
            call.close()
    except (LedgerError, GovernanceError) as error:
        code = fault_code or exits.exit_code(error)
        output.complain(error, as_json, code)
    except KeyboardInterrupt:
        output.note("qayd: interrupted; what was acknowledged is kept, nothing else")
        code = exits.INTERRUPTED
    return code or 0
