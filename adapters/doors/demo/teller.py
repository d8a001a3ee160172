"""Runs the demonstration's lines: prints each, runs it as a shell would, and checks its exit code."""

from __future__ import annotations

import contextlib
import io
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapters.doors import main as door
from adapters.identity import sign
from adapters.settings import base_environment

SECONDS = 300


class Unexpected(Exception):
    """A line ended with another exit code than the demonstration promises."""


@dataclass(slots=True)
class Teller:
    """Tells a story of command lines inside one directory; keeps what it ran in `lines`."""

    directory: Path
    lines: list[tuple[str, int]] = field(default_factory=list)
    _step: int = 0

    def chapter(self, title: str) -> None:
        """Announce the next part, on stderr."""
        self._step += 1
        print(f"\n== {self._step}. {title}", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """A remark on what is to be seen, on stderr."""
        print(f"   {text}", file=sys.stderr, flush=True)

    def run(self, line: str, expect: int = 0) -> str:
        """Run one line and return what it printed. Raises Unexpected when the exit code is not `expect`."""
        print(f"$ {line}", flush=True)
        words = shlex.split(line)
        target: Path | None = None
        if len(words) > 2 and words[-2] == ">":
            target, words = self.directory / words[-1], words[:-2]
        code, printed = self._execute(words)
        if target is None:
            sys.stdout.write(printed)
        else:
            target.write_text(printed, encoding="utf-8")
        print(f"# exit {code}", flush=True)
        self.lines.append((line, code))
        if code != expect:
            raise Unexpected(f"`{line}` ended with {code}, not {expect}")
        return printed

    def _execute(self, words: list[str]) -> tuple[int, str]:
        if words[0] not in ("qayd", "qayd-sign"):
            return self._program(words)
        captured = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(captured):
            code = door.run(words[1:]) if words[0] == "qayd" else sign.main(words[1:])
        captured.flush()
        return code, captured.buffer.getvalue().decode("utf-8")

    def _program(self, words: list[str]) -> tuple[int, str]:
        command = [sys.executable, *words[1:]] if words[0] == "python" else words
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=base_environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        sys.stderr.write(done.stderr)
        return done.returncode, done.stdout


@contextlib.contextmanager
def inside(directory: Path) -> Iterator[None]:
    """Work in `directory`, as somebody typing the lines there would."""
    with contextlib.chdir(directory):
        yield
