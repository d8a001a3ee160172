"""What a fold knows so far, and the questions every step asks before it believes an entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

from governance.deployment import Deployment
from governance.people import Credential, Mode, Person
from governance.views import Dataset, Decided, Evidence, Filed, Model, Retraining, Run, Tenant, Thresholds
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind

HINT: Final = "do not trust this ledger; compare it with an exported trail or a checkpoint kept elsewhere"
_View = TypeVar("_View")


@dataclass(slots=True)
class State:
    """What `fold` knows so far; it answers the questions of `people.Roster`."""

    mode: Mode
    origin: str
    log_id: str
    tenant: Tenant
    size: int = 0
    people: dict[str, Person] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    thresholds: dict[str, list[Thresholds]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[str, Run] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    evidence: dict[tuple[str, str], list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    decisions: dict[str, Decided] = field(default_factory=dict)
    requests: dict[str, Filed] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    retraining: list[Retraining] = field(default_factory=list)
    actors: dict[int, str] = field(default_factory=dict)
    by_subject: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    leaves: dict[int, bytes] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Remember where an entry stands."""
        self.size = entry.index + 1
        self.actors[entry.index] = entry.actor
        self.by_subject[entry.subject].append(entry.index)
        self.leaves[entry.index] = entry.leaf_hash


def refuse(entry: Entry, why: str) -> NoReturn:
    """Say why no command of Qayd would have written this entry; raises IntegrityError."""
    raise IntegrityError(Kind.ALTERED, f"{why} ({entry.type} of {entry.subject})", entry.index, HINT)


def known(entry: Entry, views: Mapping[str, _View], subject: str, what: str) -> _View:
    """The view of a subject an entry refers to; IntegrityError if nothing registered it before."""
    found = views.get(subject)
    if found is None:
        refuse(entry, f"it refers to {what} that was not registered before")
    return found


def new(entry: Entry, views: Mapping[str, object], subject: str) -> None:
    """Check that nothing registered this subject before; raises IntegrityError."""
    if subject in views:
        refuse(entry, "it registers what was registered before")


def same(entry: Entry, digest: str, registered: str, what: str) -> None:
    """Check that an entry is about the bytes that were registered; raises IntegrityError."""
    if digest != registered:
        refuse(entry, f"its digest is not that of {what}")


def opened(entry: Entry) -> State:
    """The state after entry 0: the tenant, and the officers it enrols."""
    if entry.type != "ledger.opened.v1" or entry.index != 0:
        refuse(entry, "a ledger begins with ledger.opened.v1 at index 0")
    data = entry.data
    try:
        facts = data["tenant"]
        tenant = Tenant(facts["establishment"], tuple(facts["licences"]), tuple(facts["sectors"]))
        state = State(mode=data["mode"], origin=data["origin"], log_id=data["log_id"], tenant=tenant)
        for officer in data["officers"]:
            credential = Credential(officer["credential"], officer["key"], entry.index, entry.recorded_at)
            held = {item.id for person in state.people.values() for item in person.credentials}
            if officer["person"] in state.people or credential.id in held:
                refuse(entry, "it enrols one officer, or one key, twice")
            state.people[officer["person"]] = Person(
                id=officer["person"],
                kind="natural",
                roles=frozenset(officer["roles"]),
                owners=(),
                credentials=(credential,),
                index=entry.index,
                recorded_at=entry.recorded_at,
            )
    except (KeyError, TypeError) as error:
        raise IntegrityError(Kind.ALTERED, "entry 0 does not say who the tenant is", 0, HINT) from error
    return state
