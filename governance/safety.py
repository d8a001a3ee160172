"""Safety first: a stop, and the way back to what was allowed before, act at once and are told afterwards.

Nothing here asks the policy, and a stop does not even need a ledger that can be read. Everything that moves forward
goes through `promotion`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from governance.catalog import Catalog
from governance.deployment import Deployment, Live, Suspension
from governance.desk import Desk, read
from governance.errors import NotPermitted
from governance.ports import Placement, Serving
from governance.subject import Subject
from ledger.entry import NewEvent
from ledger.errors import LedgerError
from ledger.schema import Sealed

REFUSAL: Final = "refusal"
GATE: Final = "production"


@dataclass(frozen=True, slots=True)
class Moved:
    """What serves now, and the index of the entry that says so."""

    placement: Placement
    index: int


def suspend(
    desk: Desk, serving: Serving, target: str, *, actor: str, cause: str | None = None, reason: str = ""
) -> Moved:
    """Stop what serves at `target`: shift to its registered fallback at once, then append.

    Where the ledger cannot be read, or no fallback was registered, requests are refused from then on. `cause` is
    the index of the entry that gave rise to it; `reason` is sealed. Raises ToolFault (nothing was stopped), and what
    the ledger raises when it was stopped but could not be recorded: then run it again.
    """
    subject = str(Subject.deployment(target))
    deployment: Deployment | None = None
    try:
        deployment = read(desk).catalog.deployments.get(subject)
        if deployment is None:
            raise NotPermitted(f"nothing was ever promoted to {target}", "see `qayd deployment list`")
    except LedgerError:
        pass  # a stop does not wait for a ledger to be mended; whoever is told below will hear of it
    fallback = _fallback(deployment)
    placement = Placement(fallback[0], fallback[1], fallback[2], f"stop/{target}/{desk.clock.now()}")
    serving.shift(target, placement)
    data: dict[str, object] = {"serving": placement.model}
    if placement.digest is not None:
        data["serving_digest"] = placement.digest
    return _told(desk, "deployment.suspended.v1", subject, data, placement, actor=actor, cause=cause, reason=reason)


def rollback(
    desk: Desk,
    serving: Serving,
    target: str,
    *,
    actor: str,
    to: str | None = None,
    cause: str | None = None,
    reason: str = "",
) -> Moved:
    """Go back to a version that was last allowed at `target`, at once, then append.

    `to` is a model's label; without it, the newest that qualifies. Raises NotPermitted where none does, ToolFault,
    and what the ledger raises.
    """
    subject = str(Subject.deployment(target))
    catalog = read(desk).catalog
    deployment = catalog.deployments.get(subject)
    if deployment is None or deployment.live is None:
        raise NotPermitted(f"nothing was ever live at {target}", "promote a model there first")
    back = _candidate(deployment, to, _denied(catalog, target))
    placement = Placement(back.subject, back.digest, back.configuration, f"rollback/{target}/{desk.clock.now()}")
    serving.shift(target, placement)
    data: dict[str, object] = {"subject": back.subject, "digest": back.digest}
    return _told(desk, "deployment.rolled_back.v1", subject, data, placement, actor=actor, cause=cause, reason=reason)


def stopped(deployment: Deployment) -> frozenset[tuple[str, str]]:
    """Label and digest of what was stopped at this target and never resumed, promoted again or gone back to since."""
    events: list[Live | Suspension] = [*deployment.lives]
    events += [event for event in deployment.history if isinstance(event, Suspension)]
    found: set[tuple[str, str]] = set()
    live: tuple[str, str] | None = None
    for event in sorted(events, key=lambda event: event.index):
        if isinstance(event, Live):
            live = (event.subject, event.digest)
            found.discard(live)
        elif live is not None:
            found.add(live)
    return frozenset(found)


def _candidate(deployment: Deployment, to: str | None, denied: frozenset[str]) -> Live:
    """The newest version that was live before, is not now, and was neither stopped nor denied since."""
    now = deployment.live
    halted = stopped(deployment)
    for live in reversed(deployment.lives):
        current = now is not None and (live.subject, live.digest) == (now.subject, now.digest)
        if current or (live.subject, live.digest) in halted or live.subject in denied:
            continue
        if to in (None, live.subject):
            return live
    wanted = to or "another version"
    raise NotPermitted(
        f"there is no {wanted} that was allowed last at {deployment.target} and neither stopped nor denied since",
        "stop it (qayd deployment suspend), or promote something: qayd promotion request",
    )


def _denied(catalog: Catalog, target: str) -> frozenset[str]:
    """The models whose last decision for this target is a denial."""
    last = {
        known.subject: known.outcome
        for known in catalog.decisions.values()
        if (known.gate, known.target) == (GATE, target)
    }
    return frozenset(subject for subject, outcome in last.items() if outcome == "deny")


def _fallback(deployment: Deployment | None) -> tuple[str, str | None, str | None]:
    """Name, digest and configuration of what serves instead; a model only if it was allowed here and never stopped."""
    live = deployment.live if deployment else None
    if deployment is None or live is None or live.fallback is None:
        return REFUSAL, None, None
    if not live.fallback.startswith("model/"):
        return live.fallback, None, None
    halted = stopped(deployment)
    for other in reversed(deployment.lives):
        is_it = other.subject == live.fallback and (other.subject, other.digest) != (live.subject, live.digest)
        if is_it and (other.subject, other.digest) not in halted:
            return other.subject, other.digest, other.configuration
    return REFUSAL, None, None


def _told(
    desk: Desk,
    kind: str,
    subject: str,
    data: dict[str, object],
    placement: Placement,
    *,
    actor: str,
    cause: str | None,
    reason: str,
) -> Moved:
    if cause is not None:
        data["cause"] = cause
    if reason:
        data["reason"] = Sealed(reason, actor)
    receipts = desk.ledger.append([NewEvent(kind, subject, desk.source, actor, data)])
    return Moved(placement, receipts[0].index)
