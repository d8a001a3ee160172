"""When to act on drift: k of the last n windows breach, and not again within a cooldown. Pure.

One breaching window is noise now and then (a limit calibrated at 1% is broken once in a hundred windows without any
drift); k of n makes acting on noise rare without waiting long for what is real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.errors import InputError


@dataclass(frozen=True, slots=True)
class Window:
    """One measured window: whether it breached, and when that was recorded (UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ`)."""

    breach: bool
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Act when `k` of the last `n` windows breach; then not again before `cooldown_seconds` have passed."""

    k: int
    n: int
    cooldown_seconds: int = 0

    def __post_init__(self) -> None:
        """Raise InputError unless 1 <= k <= n and the cooldown is not negative."""
        if not 1 <= self.k <= self.n:
            raise InputError(
                f"{self.k} of {self.n} windows cannot breach", "set 1 <= k <= n in the policy's parameters"
            )
        if self.cooldown_seconds < 0:
            raise InputError("a cooldown cannot be negative", "set it to 0 or more seconds")


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to act now: `breaches` of the `counted` latest windows; `cooling` when only the cooldown holds back."""

    act: bool
    breaches: int
    counted: int
    cooling: bool


def advise(windows: Sequence[Window], rule: Rule, *, now: str, acted_at: str | None = None) -> Advice:
    """What the windows (oldest first) call for at `now`; windows recorded up to `acted_at` were acted on already."""
    fresh = [window for window in windows if acted_at is None or window.recorded_at > acted_at]
    recent = fresh[-rule.n :]
    breaches = sum(window.breach for window in recent)
    called_for = breaches >= rule.k
    cooling = called_for and acted_at is not None and _moment(now) < _until(acted_at, rule)
    return Advice(called_for and not cooling, breaches, len(recent), cooling)


def _until(acted_at: str, rule: Rule) -> datetime:
    return _moment(acted_at) + timedelta(seconds=rule.cooldown_seconds)


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time)
