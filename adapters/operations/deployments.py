"""What is live where, and the ways to stop it and go back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance import safety
from governance.errors import InputError
from governance.ports import Placement
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from adapters.wiring import Home
    from governance.deployment import Deployment
    from governance.ports import Serving
    from governance.safety import Moved


def find(home: Home, target: str) -> Deployment:
    """The deployment `deployment/x` or `x`. Raises InputError."""
    name = f"deployment/{target.removeprefix('deployment/')}"
    found = home.catalog().deployments.get(name)
    if found is None:
        raise InputError(f"there is no {name}", "see `qayd deployment list`; a first promotion makes one")
    return found


def cause_of(deployment: Deployment, cause: str) -> str:
    """The index of a cause in decimal digits; `latest` is the newest drift or stop. Raises InputError."""
    known = [drift.index for drift in deployment.drifts]
    if deployment.suspension is not None:
        known.append(deployment.suspension.index)
    if cause == "latest":
        if not known:
            raise InputError(f"nothing ever stopped {deployment.target}", "see `qayd deployment list`")
        return str(max(known))
    if not (cause.isascii() and cause.isdigit()):
        raise InputError(f"{cause!r} is no index of an entry", "give digits, or latest")
    return cause


def listing(home: Home) -> list[dict[str, Any]]:
    """Every deployment: what the ledger says is live, what the serving side has, and whether the two agree."""
    return [_row(home, deployment) for _, deployment in sorted(home.catalog().deployments.items())]


def _row(home: Home, deployment: Deployment) -> dict[str, Any]:
    live, placed = deployment.live, home.serving.current(deployment.target)
    expected = _expected(deployment)
    serving = placed.model if placed else None
    return {
        "deployment": deployment.subject,
        "state": deployment.state if serving == expected else f"{deployment.state}, serving differs",
        "live": live.subject if live else None,
        "live_digest": live.digest if live else None,
        "configuration": live.configuration if live else None,
        "since": live.recorded_at if live else None,
        "serving": serving,
        "fallback": live.fallback if live else None,
        "agrees": serving == expected,
    }


def _expected(deployment: Deployment) -> str | None:
    if deployment.suspension is not None:
        return deployment.suspension.serving
    return deployment.live.subject if deployment.live else None


@dataclass(frozen=True, slots=True)
class Shifted:
    """What serves now after a safety move."""

    target: str
    verb: str
    moved: Moved

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {"target": self.target, "serving": self.moved.placement.model, "index": self.moved.index}

    def lines(self) -> list[str]:
        """The result in words."""
        return [f"{self.verb}: {self.target} is served by {self.moved.placement.model}, entry {self.moved.index}"]


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A stop the ledger does not tell of: `serving` answers instead, and `error` says what is wrong with the ledger."""

    target: str
    serving: str
    error: LedgerError

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {"target": self.target, "serving": self.serving, "index": None, "error": self.error.message}

    def lines(self) -> list[str]:
        """The result in words."""
        return [
            f"stopped, NOT RECORDED: {self.target} is served by {self.serving}",
            "suspend it again once the ledger is mended",
        ]


def stop(
    open_home: Callable[[], Home], serving: Serving, target: str, *, reason: str, now: str
) -> Shifted | Unrecorded:
    """Suspend; and where the ledger cannot be opened or believed, refuse requests at the target all the same.

    Raises what `suspend` raises, InputError where nothing serves at the target, ToolFault where nothing was stopped.
    """
    try:
        return suspend(open_home(), target, reason=reason)
    except LedgerError as error:
        name = target.removeprefix("deployment/")
        current = serving.current(name)
        if current is None:
            raise
        if current.promotion.startswith("stop/"):  # stopped just now or before; only telling of it failed
            return Unrecorded(name, current.model, error)
        serving.shift(name, Placement(safety.REFUSAL, None, None, f"stop/{name}/{now}"))
        return Unrecorded(name, safety.REFUSAL, error)


def suspend(home: Home, target: str, *, reason: str = "", cause: str | None = None) -> Shifted:
    """Move a deployment to its registered fallback at once."""
    deployment = find(home, target)
    moved = safety.suspend(home.desk(), home.serving, deployment.target, actor=home.actor(), cause=cause, reason=reason)
    return Shifted(deployment.target, "suspended", moved)


def rollback(home: Home, target: str, to: str | None, *, reason: str = "") -> Shifted:
    """Go back to a version that was last allowed at this target."""
    deployment = find(home, target)
    label = None if to is None else f"model/{to.removeprefix('model/')}"
    moved = safety.rollback(home.desk(), home.serving, deployment.target, actor=home.actor(), to=label, reason=reason)
    return Shifted(deployment.target, "rolled back", moved)
