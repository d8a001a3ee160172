"""The software a command runs on: a lock file's digest, or every distribution its Python interpreter sees."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.training.artifacts import digest_plain
from adapters.training.command import find_program
from adapters.training.quiet import output_of
from governance.errors import ToolFault
from ledger.canonical import digest_of

MAX_PACKAGES: Final = 5_000

_PYTHON = re.compile(r"(python|pypy)[0-9.]*")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}==[\x21-\x7e]{1,127}")
_ASK = """
import importlib.metadata as m, json, platform
names = {(d.metadata["Name"] or "").lower().replace("_", "-") + "==" + (d.version or "") for d in m.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": sorted(names)}))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """`source` says what `digest` is of: `lock-file`, `executable` (bytes) or `interpreter` (version, distributions).

    `python` is the interpreter's version or `none`; `packages` are `name==version`, sorted, empty where unknown.
    """

    source: str
    digest: str
    python: str
    packages: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The canonical object."""
        return {
            "source": self.source,
            "digest": self.digest,
            "python": self.python,
            "packages": list(self.packages),
        }


def read_environment(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], lock_file: Path | None = None
) -> Environment:
    """What the command will run on. Raises ToolFault when its program or the lock file cannot be read."""
    program = find_program(command[0], directory, environment)
    interpreter = find_interpreter(program, directory, environment)
    python, packages = _ask(interpreter, directory, environment) if interpreter else ("none", ())
    if lock_file is not None:
        return Environment("lock-file", digest_plain(lock_file.resolve())[0], python, packages)
    if interpreter:
        seen = digest_of({"python": python, "packages": list(packages)})
        return Environment("interpreter", seen, python, packages)
    return Environment("executable", digest_plain(program.resolve())[0], python, packages)


def find_interpreter(program: Path, directory: Path, environment: Mapping[str, str]) -> Path | None:
    """The Python behind a program: itself, or the one its first line names; None when it is something else."""
    if _PYTHON.fullmatch(program.name):
        return program
    try:
        with open(program, "rb") as file:
            first = file.readline(1024)
    except OSError as error:
        raise ToolFault(f"{program.name} cannot be read: {error.strerror}", "check its permissions") from error
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    for word in words:
        if _PYTHON.fullmatch(Path(word).name):
            return find_program(word, directory, environment)
    return None


def _ask(interpreter: Path, directory: Path, environment: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    try:
        answer = json.loads(output_of((str(interpreter), "-c", _ASK), directory, environment))
        python, packages = answer["python"], tuple(answer["packages"])
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFault(
            f"{interpreter.name} did not list its packages", "is it a Python of version 3.8 or later?"
        ) from error
    named = tuple(name for name in packages if isinstance(name, str) and _PACKAGE.fullmatch(name))
    if not isinstance(python, str) or len(packages) > MAX_PACKAGES:
        raise ToolFault(f"{interpreter.name} listed more than {MAX_PACKAGES} packages, or no version")
    return python[:64], named
