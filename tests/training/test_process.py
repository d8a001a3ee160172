"""Child processes: exit codes pass through, signals reach the whole group, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from adapters.training.process import Children, Ended
from governance.errors import ToolFault

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, directory: Path, *, timeout: float | None = None, sink: list[bytes] | None = None) -> Ended:
    """Run a line of shell as a child of this process."""
    out = None if sink is None else sink.append
    with Children(grace_seconds=0.5) as children:
        return children.run(
            ["sh", "-c", code],
            program=Path("/bin/sh"),
            directory=directory,
            environment={"PATH": os.defpath},
            sink=out,
            timeout_seconds=timeout,
        )


@pytest.mark.parametrize("code", [0, 1, 3, 125, 255])
def test_exit_codes_pass_through(tmp_path: Path, code: int) -> None:
    """Whatever the child says is what is reported."""
    assert run(f"exit {code}", tmp_path) == Ended(code, "", False)


def test_a_child_killed_by_a_signal_says_which(tmp_path: Path) -> None:
    """As a shell reports it: 128 + signal."""
    assert run("kill -TERM $$", tmp_path) == Ended(143, "SIGTERM", False)


def test_output_streams_through_in_order(tmp_path: Path) -> None:
    """Both streams, in the order written."""
    seen: list[bytes] = []
    run("echo one; echo two >&2; echo three", tmp_path, sink=seen)
    assert b"".join(seen) == b"one\ntwo\nthree\n"


def test_a_broken_sink_does_not_stop_the_child(tmp_path: Path) -> None:
    """Somebody closed the terminal; the training goes on."""

    def broken(chunk: bytes) -> None:
        raise BrokenPipeError

    with Children() as children:
        ended = children.run(
            ["sh", "-c", "for i in 1 2 3; do echo $i; done; exit 4"],
            program=Path("/bin/sh"),
            directory=tmp_path,
            environment={},
            sink=broken,
        )
    assert ended.exit_code == 4


@pytest.mark.slow
def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """First asked, then killed when it does not listen."""
    assert run("sleep 60", tmp_path, timeout=0.2) == Ended(143, "SIGTERM", True)
    stubborn = run("trap '' TERM; while :; do sleep 0.1; done", tmp_path, timeout=1.5)
    assert stubborn == Ended(137, "SIGKILL", True)


def test_what_a_child_leaves_running_is_killed(tmp_path: Path) -> None:
    """Nothing may write to the artifacts after they were digested."""
    run("(while :; do date > late; sleep 0.05; done) & while [ ! -e late ]; do sleep 0.02; done", tmp_path)
    late = tmp_path / "late"
    late.unlink()
    time.sleep(0.2)
    assert not late.exists()


def test_stop_ends_children_started_from_other_threads(tmp_path: Path) -> None:
    """A server's worker has no signal handlers; `stop` does the same."""
    children = Children(grace_seconds=0.3)
    found: list[Ended] = []
    code = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    ready = threading.Event()

    def work() -> None:
        found.append(
            children.run(
                ["sh", "-c", code],
                program=Path("/bin/sh"),
                directory=tmp_path,
                environment={"PATH": os.defpath},
                sink=lambda chunk: ready.set(),
            )
        )

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    children.stop()
    thread.join(10)
    assert found == [Ended(137, "SIGKILL", False)]
    with pytest.raises(ToolFault, match="stopped by SIGTERM"):
        children.run(["sh"], program=Path("/bin/sh"), directory=tmp_path, environment={})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_us_reach_the_whole_group(tmp_path: Path, number: signal.Signals) -> None:
    """The child and its own child end, and we live on to report the exit code."""
    alive = tmp_path / "alive"
    code = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from adapters.training.process import Children
        child = "import signal,time; signal.signal(signal.SIGINT, signal.default_int_handler); print(1, flush=True);"
        child += "import subprocess; subprocess.Popen(['sh', '-c', 'while :; do date > alive; sleep 0.05; done'])"
        child += "; time.sleep(60)"
        with Children(5) as children:
            ended = children.run([sys.executable, "-c", child], program=Path(sys.executable), directory=Path("."),
                                 environment={{"PATH": "/usr/bin:/bin"}}, sink=lambda chunk: print("ready", flush=True))
        print(ended.signal)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as outer:
        assert outer.stdout is not None
        assert outer.stdout.readline() == "ready\n"
        while not alive.exists():
            time.sleep(0.02)
        outer.send_signal(number)
        rest = outer.stdout.read()
        assert outer.wait(10) == 0
    assert rest.split()[-1] == number.name
    alive.unlink()
    time.sleep(0.2)
    assert not alive.exists()


def test_handlers_are_put_back(tmp_path: Path) -> None:
    """Outside the context the signals mean what they meant."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run("exit 0", tmp_path)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_file_that_is_no_program_is_a_fault(tmp_path: Path) -> None:
    """Executable by its mode, but nothing this machine can start."""
    program = tmp_path / "program"
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    with Children() as children, pytest.raises(ToolFault, match="cannot be started"):
        children.run(["program"], program=program, directory=tmp_path, environment={})
