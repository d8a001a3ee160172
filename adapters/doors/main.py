"""The process entry point of `qayd`: whatever happens inside leaves as one line and one exit code.

Everything is imported inside the guard, so that even a broken import ends as a fault (6) and not as a trace.
"""

from __future__ import annotations

import contextlib
import json
import sys

FAULT = 6
TRAINING_FAULT = 125
INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code (DESIGN 6; 130 after Ctrl-C)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Errors are printed on stderr, one line and a hint each."""
    try:
        from adapters.doors.cli import execute

        return execute(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last guard: any uncaught error is a fault, never an answer
        code = TRAINING_FAULT if arguments[:2] == ["training", "run"] else FAULT
        _tell_machine(arguments, type(error).__name__, code)
        print(f"qayd: fault: {type(error).__name__} while running the command", file=sys.stderr)
        print("  next: run `qayd ledger verify`; if it stays, report it with the command you ran", file=sys.stderr)
        if isinstance(error, ImportError):
            print(f"  the installation is incomplete: {error.name or 'a module'} cannot be imported", file=sys.stderr)
        return code


def _tell_machine(arguments: list[str], kind: str, code: int) -> None:
    """Print the fault as JSON where that was asked for and can be done; whoever reads text is told on stderr."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if "--json" in arguments[:end]:
        document = {"error": "Fault", "message": f"{kind} while running the command", "hint": "", "exit_code": code}
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps(document, sort_keys=True), flush=True)
