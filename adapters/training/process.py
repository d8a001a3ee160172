"""Starting somebody's program: no shell, a session of its own, signals passed on, nothing left running afterwards.

When Qayd is asked to stop (SIGINT, SIGTERM), the same signal goes to the program's whole group; what has not ended
after a grace period is killed. What the program leaves running when it ends is killed too, so that nothing writes to
the artifacts once they are digested.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, TypeAlias

from governance.errors import ToolFault

Sink: TypeAlias = Callable[[bytes], object]
"""Where a program's output goes, chunk by chunk; it may be called from another thread."""

FORWARDED = (signal.SIGINT, signal.SIGTERM)
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: `exit_code` as a shell reports it (128 + signal), `signal` its name or "", `timed_out`."""

    exit_code: int
    signal: str
    timed_out: bool


class Children:
    """The programs running on our behalf. As a context, passes SIGINT and SIGTERM on to all of them.

    Handlers are set only in the main thread; elsewhere (a server's worker) `stop` does the same.
    """

    def __init__(self, grace_seconds: float = 10.0) -> None:
        self.grace_seconds = grace_seconds
        self._stopped: list[signal.Signals] = []  # appended to by signal handlers
        self._groups: set[int] = set()
        self._previous: dict[signal.Signals, Any] = {}
        self._timers: list[threading.Timer] = []

    def __enter__(self) -> Children:
        if threading.current_thread() is threading.main_thread():
            for number in FORWARDED:
                self._previous[number] = signal.signal(number, self._received)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        for timer in self._timers:
            timer.cancel()
        for group in list(self._groups):
            _signal_group(group, signal.SIGKILL)

    @property
    def stopped(self) -> signal.Signals | None:
        """The signal that first asked us to stop, or None."""
        return self._stopped[0] if self._stopped else None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Pass a signal on to every program; kill what has not ended after the grace period. Twice kills at once."""
        again = self.stopped is not None
        self._stopped.append(number)
        for group in list(self._groups):
            _signal_group(group, signal.SIGKILL if again else number)
        if not again:
            self._kill_later()

    def run(
        self,
        argv: Sequence[str],
        *,
        program: Path,
        directory: Path,
        environment: Mapping[str, str],
        sink: Sink | None = None,
        timeout_seconds: float | None = None,
    ) -> Ended:
        """Start `program` with the words `argv` and wait for its end; raises ToolFault when it cannot be started."""
        before = self.stopped
        if before is not None:
            raise ToolFault(f"stopped by {before.name} before {program.name} was started", "run it again")
        child = _start(argv, program, directory, environment)
        self._groups.add(child.pid)
        during = self.stopped
        if during is not None:  # asked to stop while it was being started
            _signal_group(child.pid, during)
        pump = _pump(child.stdout, sink)
        timed_out = False
        try:
            child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
            self._end(child)
        finally:
            _signal_group(child.pid, signal.SIGKILL)  # whatever it left running
            child.wait()
            self._groups.discard(child.pid)
            pump.join(self.grace_seconds)
        return _ended(child.returncode, timed_out)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        _signal_group(child.pid, signal.SIGTERM)
        try:
            child.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            _signal_group(child.pid, signal.SIGKILL)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self.stop(signal.Signals(number))

    def _kill_later(self) -> None:
        timer = threading.Timer(self.grace_seconds, self._kill)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _kill(self) -> None:
        for group in list(self._groups):
            _signal_group(group, signal.SIGKILL)


def _start(
    argv: Sequence[str], program: Path, directory: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            executable=program,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFault(
            f"{program.name} cannot be started: {error.strerror}", "check that it is a program for this machine"
        ) from error


def _pump(source: IO[bytes] | None, sink: Sink | None) -> threading.Thread:
    """Drain the program's output in a thread; a sink that breaks stops being called, the program goes on."""

    def drain() -> None:
        out = sink
        with source or open(os.devnull, "rb") as pipe:
            while chunk := os.read(pipe.fileno(), CHUNK):
                try:
                    if out is not None:
                        out(chunk)
                except (OSError, ValueError):  # the reader went away
                    out = None

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    return thread


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # ended, or its last member is a zombie
        return


def _ended(code: int, timed_out: bool) -> Ended:
    if code >= 0:
        return Ended(code, "", timed_out)
    return Ended(128 - code, signal.Signals(-code).name, timed_out)
