"""A process that appends: run as `python -m tests.ledger.appender URL NAME COUNT`, killed or waited for by tests.

Prints one line `id index status` for each event once it is acknowledged. Every fifth call is a list of three; the ids
`shared-0` to `shared-3` are sent by every process.
"""

from __future__ import annotations

import os
import sys

from ledger.entry import NewEvent
from ledger.log import Log, Receipt
from ledger.store import Store
from tests.ledger.logs import TYPES, WallClock, heartbeat


def call(number: int, name: str) -> list[NewEvent]:
    if number % 5 == 4:
        return [heartbeat(number, name=name, id=f"{name}-{number}-{part}") for part in range(3)]
    if number < 20 and number % 5 == 3:
        return [heartbeat(0, name="shared", id=f"shared-{number // 5}")]
    return [heartbeat(number, name=name, id=f"{name}-{number}")]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(url: str, name: str, count: str) -> None:
    log = Log.open(Store.open(url), types=TYPES, clock=WallClock(), random=os.urandom)
    say("ready")
    sys.stdin.readline()
    for number in range(int(count)):
        for outcome in log.append_many(call(number, name)):
            assert isinstance(outcome, Receipt), outcome
            say(f"{outcome.id} {outcome.index} {outcome.status}")
    log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
