"""Many processes append at once, and processes die at any moment: no fork, no loss, no duplicate."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ledger.log import Log, Receipt
from ledger.store import Store
from tests.ledger.appender import call
from tests.ledger.logs import TYPES, WallClock, check_whole, create_log

ROOT = Path(__file__).resolve().parents[2]


def begin(url: str) -> Log:
    log = create_log(Store.create(url), clock=WallClock())
    log.close()
    return log


def appender(url: str, name: str, count: int) -> subprocess.Popen[str]:
    """A process that is ready and waits for a line on its standard input."""
    command = [sys.executable, "-m", "tests.ledger.appender", url, name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str], lines: int | None = None) -> str:
    """Its next lines, or all that is left once it has ended."""
    assert process.stdout is not None
    if lines is not None:
        return "".join(process.stdout.readline() for _ in range(lines))
    rest = process.stdout.read()
    process.wait(60)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    return rest


def acknowledged(output: str) -> list[tuple[str, int, str]]:
    lines = [line.split() for line in output.splitlines() if line.count(" ") == 2]
    return [(event_id, int(index), status) for event_id, index, status in lines]


@pytest.mark.slow
def test_eight_processes_append_at_once(url: str) -> None:
    """Every acknowledged event is at its index, once; what all eight sent is there once; the chain is one."""
    log = begin(url)
    processes = [appender(url, f"w{number}", 30) for number in range(8)]
    for process in processes:
        start(process)
    answers = [acknowledged(process.communicate(timeout=200)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    sent = [{event.id for number in range(30) for event in call(number, f"w{worker}")} for worker in range(8)]
    assert [{event_id for event_id, _, _ in answer} for answer in answers] == sent
    entries = check_whole(log)
    assert Counter(entry.id for entry in entries[1:]) == Counter(set().union(*sent))
    for event_id, index, _ in (line for answer in answers for line in answer):
        assert entries[index].id == event_id
    written = [line for answer in answers for line in answer if line[2] == "appended"]
    assert len(written) == len(entries) - 1
    log.close()


@pytest.mark.slow
def test_killed_processes_lose_nothing_they_acknowledged(url: str) -> None:
    """Three times, after some answers, both writers are killed; afterwards all is there and retries are harmless."""
    log = begin(url)
    held: dict[str, int] = {}
    for turn, lines in enumerate((1, 7, 25)):
        processes = [appender(url, f"t{turn}-{side}", 10_000) for side in "ab"]
        for process in processes:
            start(process)
        outputs = [said(process, lines) for process in processes]
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        outputs += [said(process) for process in processes]
        held |= {event_id: index for output in outputs for event_id, index, _ in acknowledged(output)}
        entries = check_whole(log)
        assert {event_id: entries[index].id for event_id, index in held.items()} == {name: name for name in held}
        again = log.append_many([event for number in range(9) for event in call(number, f"t{turn}-a")])
        receipts = [outcome for outcome in again if isinstance(outcome, Receipt)]
        assert len(receipts) == len(again)
        assert all(receipt.index == held[receipt.id] for receipt in receipts if receipt.id in held)
    assert len(held) >= 50
    check_whole(log)
    log.close()


def test_a_log_opened_again_goes_on_where_it_was(url: str) -> None:
    """Closing gives back connections only; the next process continues the chain."""
    begin(url)
    for turn in range(3):
        log = Log.open(Store.open(url), types=TYPES, clock=WallClock(), random=random.Random(turn).randbytes)
        log.append_many([event for number in range(5) for event in call(number, f"r{turn}")])
        log.close()
    assert len(check_whole(log)) == 1 + 3 * 6 + 1
    log.close()
