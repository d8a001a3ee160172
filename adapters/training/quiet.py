"""Asking a program for a short answer: no shell, no input, a time limit, a size limit."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.training.command import find_program
from governance.errors import ToolFault

MAX_OUTPUT = 64 << 20


def output_of(
    argv: Sequence[str], directory: Path, environment: Mapping[str, str], *, timeout_seconds: float = 60.0
) -> bytes:
    """What the program wrote to its standard output; raises ToolFault when it is absent, fails, hangs or babbles."""
    program = find_program(argv[0], directory, environment)
    with tempfile.TemporaryFile() as answer:
        try:
            code = subprocess.run(
                argv,
                executable=program,
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=timeout_seconds,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolFault(f"{program.name} did not answer", "run it by hand to see why") from error
        size = answer.seek(0, 2)
        if code != 0 or size > MAX_OUTPUT:
            raise ToolFault(f"{program.name} ended with code {code} and {size} bytes of output")
        answer.seek(0)
        return answer.read()
