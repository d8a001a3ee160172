"""A story to judge: a tenant, people with keys, a data set, a model with evidence, a policy that asks people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.approval import Submission, Yes, statement_for, verify_approval
from governance.bundle import Bundle
from governance.configuration import Configuration
from governance.desk import Desk
from governance.evidence import Measurement
from governance.gate import Question
from governance.people import check_revocation
from governance.promotion import Promoted, Site, run
from governance.request import Opened, Wish, makers_of, open_request
from governance.sshsig import APPROVAL_NAMESPACE, credential_id, public_key, sign_sshsig
from governance.subject import registration_claim
from ledger.canonical import digest, encode
from ledger.schema import Sealed
from tests.simulator import Simulator, TableEngine

DATA = digest(b"data")
MODEL = digest(b"model")
SUBJECT = "model/credit@1"
TARGET = "retail"
DEPLOYMENT = f"deployment/{TARGET}"
PLACE = {"provider": "on-premises", "realm": "declared", "region": "dubai"}
CONFIGURATION = Configuration.of({**PLACE, "fallback": "human-queue", "threshold": "0.5"})
CHANGED = Configuration.of({**PLACE, "fallback": "human-queue", "threshold": "0.4"})
ASKED = [{"role": "risk-officer", "count": 1}, {"role": "validator", "count": 1}]

OFFICER = "p-officer01"
SECOND = "p-officer02"
TRAINER = "p-trainer01"
RISK = "p-risk00001"
OTHER_RISK = "p-risk00002"
VALIDATOR = "p-valid0001"
ROLES = {
    TRAINER: ["engineer", "risk-officer"],
    RISK: ["risk-officer"],
    OTHER_RISK: ["risk-officer", "validator"],
    VALIDATOR: ["validator"],
}


def key_of(person: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(digest(person.encode()).encode()[-32:])


def credential_of(person: str) -> str:
    return credential_id(public_key(key_of(person)).blob)


def row(control: str, severity: str) -> dict[str, Any]:
    return {
        "id": f"test/{control}",
        "control": control,
        "severity": severity,
        "gates": ["ingest", "train", "register", "production", "in_production"],
        "title": {"en": control, "ar": "ضابط"},
        "requirement": "test",
        "citations": [],
        "waivable_by": [],
        "parameters": [],
    }


def bundle(revision: str = "r1", rego: str = "package qayd") -> Bundle:
    controls = {"FAIR": "C", "BASE": "H", "QUORUM": "M", "HINT": "L"}
    gates = dict.fromkeys(("ingest", "train", "register", "production", "in_production"), sorted(controls))
    data = {
        "gates": gates,
        "packages": {name: name.lower() for name in controls},
        "approvals": {"production": dict.fromkeys(("low", "medium", "high"), ASKED)},
        "params": {
            "freshness_days": dict.fromkeys(("performance", "fairness", "drift"), 90),
            "drift": {"k": 2, "n": 3},
        },
    }
    rows = {"controls": [row(control, severity) for control, severity in controls.items()]}
    return Bundle.of(
        {
            ".manifest": json.dumps({"revision": revision, "roots": ["qayd"]}),
            "data.json": json.dumps({"qayd": data}),
            "catalogue/test.yaml": json.dumps(rows),
            **{f"controls/{name.lower()}/{name.lower()}.rego": rego for name in controls},
        }
    )


def raw(control: str, kind: str = "violated", **changes: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("field", "value", "limit", "evidence", "next", "passes", "detail"), "")
    return {"control": control, "kind": kind, **texts, "requires": [], **changes}


def asks_people(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ask people; deny a model whose fairness is not measured, and call evidence stale after 90 days."""
    found = [raw("QUORUM", field="approvals", requires=ASKED)]
    fairness = document["evidence"]["fairness"]
    if fairness["state"] != "measured":
        found.append(raw("FAIR", "missing", evidence="fairness"))
    elif fairness["values"]["difference"] > "0.1":
        found.append(raw("FAIR", value=fairness["values"]["difference"], limit="0.1", evidence="fairness"))
    elif document["now"][:7] > "2027-01":
        found.append(raw("FAIR", "stale", evidence="fairness"))
    return found


@dataclass
class MemoryCheckpoints:
    """Signs what it is told to cover."""

    story: Any
    covered: list[int] = field(default_factory=list)
    error: Exception | None = None

    def cover(self, size: int) -> int:
        if self.error is not None:
            raise self.error
        self.story.sim.ledger.sign()
        self.covered.append(size)
        return int(self.story.sim.ledger.checkpoint_size)


class Story:
    """Everything up to a measured model; then requests, answers and promotions, one call each."""

    def __init__(self, mode: str = "real") -> None:
        officers = [self._officer(person) for person in (OFFICER, SECOND)]
        self.sim = Simulator(officers=officers, bundle=bundle(), mode=mode)
        self.sim.engine.table["production"] = asks_people
        self.sim.serving.store.update({SUBJECT: MODEL, "model/credit@2": digest(b"model 2")})
        self.checkpoints = MemoryCheckpoints(self)
        self.requests = 0
        for person, roles in ROLES.items():
            self.enrol(person, roles)
        self.make()

    @staticmethod
    def _officer(person: str) -> dict[str, Any]:
        key = public_key(key_of(person)).line
        return {"person": person, "credential": credential_of(person), "key": key, "roles": ["officer"]}

    @property
    def desk(self) -> Desk:
        return Desk(self.sim.ledger, self.sim.blobs, self.sim.engine, self.sim.clock, "desk")

    @property
    def site(self) -> Site:
        return Site(self.sim.serving, self.checkpoints)

    def enrol(self, person: str, roles: list[str], *, by: str = OFFICER) -> None:
        data = {
            "name": Sealed("somebody", person),
            "kind": "natural",
            "roles": roles,
            "credential": credential_of(person),
            "key": public_key(key_of(person)).line,
        }
        self.sim.append("person.enrolled.v1", f"person/{person}", data, actor=by)

    def revoke(self, person: str, *, by: str = SECOND) -> None:
        check_revocation(self.sim.catalog(), revoker=by, person=person)
        self.sim.append("person.revoked.v1", f"person/{person}", {}, actor=by)

    def make(self, version: int = 1) -> None:
        """A data set (once), thresholds, a run and a model, all by the trainer."""
        if version == 1:
            self._dataset()
        model, run_ = f"model/credit@{version}", f"run/0000000{version}"
        artifact = MODEL if version == 1 else digest(f"model {version}".encode())
        started = {
            "model": "model/credit",
            "dataset": "dataset/credit@1",
            "dataset_digest": DATA,
            "gated": False,
            "revision": "abc",
            "dirty": False,
            "environment": DATA,
            "manifest": DATA,
            "authors": [TRAINER],
            "seed": 1,
        }
        self.sim.append("training.started.v1", run_, started, actor=TRAINER)
        completed = {"exit_code": 0, "duration_ms": 1, "artifacts": artifact, "report": DATA}
        self.sim.append("training.completed.v1", run_, completed, actor=TRAINER)
        registered = {
            "digest": artifact,
            "run": run_,
            "owner": TRAINER,
            "tier": "high",
            "decides_on_people": True,
        }
        claim = registration_claim(model)
        self.sim.append("model.registered.v1", model, registered, actor=TRAINER, claim=claim)
        self.measure("0.05", version)

    def _dataset(self) -> None:
        data = {
            "digest": DATA,
            "card": self.sim.blobs.put(encode({"source": "uci", "licence": "cc-by"})),
            "rows": 1000,
            "columns": 20,
            "owner": TRAINER,
            "supplier": TRAINER,
            "purpose": "credit",
            "legal_basis": "contract",
            "labels": [],
            **PLACE,
            "retention_days": 365,
        }
        claim = registration_claim("dataset/credit@1")
        self.sim.append("dataset.registered.v1", "dataset/credit@1", data, actor=TRAINER, claim=claim)

    def measure(self, difference: str, version: int = 1, *, declared: bool = False) -> None:
        """Fairness of a model, measured by the risk officer's tool."""
        measurement = Measurement("fairness", "m/v1", "fairlearn", (), 1, DATA, 1000, {"difference": difference})
        data = {
            "kind": "fairness",
            "digest": MODEL if version == 1 else digest(f"model {version}".encode()),
            "content": self.sim.blobs.put(measurement.encode()),
            "method": "m/v1",
            "data_digest": DATA,
            "n": 1000,
            "measured_at": self.sim.clock.now(),
        }
        kind = "evidence.declared.v1" if declared else "evidence.measured.v1"
        more = {} if declared else {"tool": "fairlearn"}
        self.sim.append(kind, f"model/credit@{version}", {**data, **more}, actor=TRAINER)

    def question(self, configuration: Configuration = CONFIGURATION, version: int = 1) -> Question:
        return Question("production", f"model/credit@{version}", TARGET, configuration)

    def wish(self, *, days: int = 3, version: int = 1, **more: Any) -> Wish:
        self.requests += 1
        now = self.sim.clock.now()
        deadline = self.sim.clock.advance(days=days)
        self.sim.clock.time = now
        return Wish(f"request/{self.requests:08d}", self.question(version=version), deadline, **more)

    def open(self, actor: str = TRAINER, **more: Any) -> Opened:
        return open_request(self.desk, self.wish(**more), actor=actor)

    def submission(self, request: str, person: str, role: str, answer: Yes = "approve") -> Submission:
        catalog = self.sim.catalog()
        filed = catalog.requests[request]
        credential = credential_of(person)
        stated = statement_for(
            catalog, filed, credential=credential, role=role, answer=answer, expires=filed.deadline
        ).encode()
        return Submission(person, stated, sign_sshsig(key_of(person), APPROVAL_NAMESPACE, stated))

    def answer(self, request: str, person: str, role: str, answer: Yes = "approve") -> None:
        """Verify an answer as the door does, then record it."""
        catalog = self.sim.catalog()
        filed = catalog.requests[request]
        submission = self.submission(request, person, role, answer)
        makers = makers_of(catalog, filed)
        verify_approval(catalog, filed, submission, makers=makers, now=self.sim.clock.now())
        self.record(request, submission, person, role, answer)

    def record(self, request: str, submission: Submission, person: str, role: str, answer: Yes = "approve") -> None:
        """Record an answer, whatever it is worth."""
        filed = self.sim.catalog().requests[request]
        data = {
            "person": person,
            "credential": credential_of(person),
            "role": role,
            "binding": filed.binding,
            "statement": self.sim.blobs.put(submission.statement),
            "signature": self.sim.blobs.put(submission.signature.encode()),
            "expires": filed.deadline,
        }
        kind = "approval.granted.v1" if answer == "approve" else "approval.rejected.v1"
        self.sim.append(kind, request, data, actor=person)

    def grant(self, request: str) -> None:
        """Everybody asked says yes."""
        self.answer(request, RISK, "risk-officer")
        self.answer(request, VALIDATOR, "validator")

    def run(self, request: str, configuration: Configuration = CONFIGURATION, **more: Any) -> Promoted:
        return run(self.desk, self.site, request, configuration, **{"actor": TRAINER, **more})

    def promote(self, version: int = 1, **more: Any) -> Promoted:
        """From a request to a promotion that serves."""
        request = self.open(version=version, **more).request
        self.grant(request)
        return self.run(request)

    def types(self) -> list[str]:
        return [entry.type for entry in self.sim.ledger.entries()]

    def switch(self, changed: Bundle) -> None:
        """Put another policy in force."""
        self.sim.engine = TableEngine(changed, self.sim.engine.table)
