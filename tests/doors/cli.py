"""The command line as tests use it: in process, with its output and exit code."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.doors import main as door
from adapters.identity.sign import sign, write_key_pair


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document printed."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON lines printed."""
        return [json.loads(line) for line in self.out.splitlines()]


def qayd(*words: str | Path, stdin: bytes = b"") -> Result:
    """Run `qayd WORDS...` as the process entry point would."""
    out, err = _capture(), _capture()
    fed = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _stdin(fed):
        code = door.run([str(word) for word in words])
    return Result(code, _text(out), _text(err))


def expect(code: int, *words: str | Path) -> Result:
    """Run a command and hold it to its exit code."""
    result = qayd(*words)
    assert result.code == code, f"{words}: exit {result.code}, not {code}\n{result.out}\n{result.err}"
    return result


def key_pair(directory: Path, name: str) -> Path:
    """A fresh SSH key pair; the private path."""
    directory.mkdir(parents=True, exist_ok=True)
    write_key_pair(directory / name)
    return directory / name


def sign_statement(key: Path, statement: Path) -> Path:
    """Sign a statement as an approver would; the signature's path."""
    target = statement.with_name(statement.name + ".sig")
    target.write_text(sign(key, "approval.v1@qayd", statement.read_bytes()), encoding="ascii")
    return target


def _capture() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


@contextlib.contextmanager
def _stdin(stream: io.TextIOWrapper) -> Iterator[None]:
    import sys

    kept, sys.stdin = sys.stdin, stream
    try:
        yield
    finally:
        sys.stdin = kept
