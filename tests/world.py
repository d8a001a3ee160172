"""Small worlds in a few lines: officers, data, a model with evidence, on top of `tests/simulator.py`.

    world = World()
    trainer, risk, validator = world.person("engineer"), world.person("risk-officer"), world.person("validator")
    model = world.model(by=trainer)
    world.evidence(model, "performance", {"metrics": {"accuracy": "0.8"}}, by=trainer)

People have real Ed25519 keys, made from their names, so tests can sign with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.bundle import Bundle
from governance.catalog import Catalog
from governance.configuration import Configuration
from governance.deployment import Deployment
from governance.evidence import Measurement
from governance.facts import Facts, gather
from governance.sshsig import public_key
from governance.subject import deployment_digest, registration_claim, use_claim
from governance.views import Model
from ledger.canonical import digest, encode
from ledger.schema import Sealed
from tests.bundles import APPROVALS, a_bundle
from tests.simulator import Simulator

THRESHOLDS = ({"metric": "accuracy", "bound": "min", "value": "0.70"},)
CONFIGURATION = {"provider": "aws", "realm": "aws", "region": "me-central-1", "fallback": "human-queue"}


def digest_for(text: str) -> str:
    """Some digest, always the same for the same text."""
    return digest(text.encode())


@dataclass(frozen=True)
class Someone:
    """An enrolled person of a test world, with their key."""

    id: str
    credential: str
    key: Ed25519PrivateKey
    line: str


def someone(name: str) -> Someone:
    """A person with an id and a key pair that follow from `name`."""
    seed = hashlib.sha256(name.encode()).digest()
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = public_key(key)
    return Someone(f"p-{seed.hex()[:12]}", public.fingerprint, key, public.line)


class World(Simulator):
    """A simulator with two officers, `ada` and `badr`, and builders for what a gate needs. Builders append real
    entries.
    """

    def __init__(self, *, mode: str = "real", bundle: Bundle | None = None, seed: str = "seed") -> None:
        self.ada, self.badr = someone("ada"), someone("badr")
        officers = [self.ada, self.badr] if mode == "real" else [self.ada]
        super().__init__(
            officers=[
                {"person": o.id, "credential": o.credential, "key": o.line, "roles": ["officer"]} for o in officers
            ],
            bundle=bundle or a_bundle(),
            mode=mode,
            seed=seed,
        )
        self.count = 0

    def person(self, *roles: str, name: str = "", owners: Sequence[Someone] = (), by: Someone | None = None) -> Someone:
        """Enrol somebody with these roles; with `owners` a service account."""
        self.count += 1
        made = someone(name or f"person-{self.count}")
        data: dict[str, object] = {
            "name": Sealed("Somebody", made.id),
            "kind": "service" if owners else "natural",
            "roles": list(roles),
            "credential": made.credential,
            "key": made.line,
        }
        if owners:
            data["owners"] = [owner.id for owner in owners]
        self.append("person.enrolled.v1", f"person/{made.id}", data, actor=(by or self.ada).id)
        return made

    def revoke(self, who: Someone, *, by: Someone | None = None, credential: str | None = None) -> int:
        """Revoke a person, or one credential."""
        data = {} if credential is None else {"credential": credential}
        return self.append("person.revoked.v1", f"person/{who.id}", data, actor=(by or self.ada).id).index

    def dataset(self, name: str = "credit@1", *, by: Someone, derived_from: str | None = None, **changes: Any) -> str:
        """Register a data set; `changes` replaces members of the event's data. Returns its subject."""
        subject = f"dataset/{name}"
        card = {"v": "qayd/dataset-card/v1", "columns": ["a", "b"], "source": "a test", "licence": "CC0", "path": "x"}
        data: dict[str, Any] = {
            "digest": digest_for(subject),
            "card": self.blobs.put(encode(card)),
            "rows": 1000,
            "columns": 2,
            "owner": by.id,
            "supplier": by.id,
            "purpose": "credit-scoring",
            "legal_basis": "contract",
            "labels": ["personal"],
            "provider": "aws",
            "realm": "aws",
            "region": "me-central-1",
            "retention_days": 365,
        }
        if derived_from is not None:
            data |= {"derived_from": derived_from, "derived_digest": self.catalog().datasets[derived_from].digest}
        self.append("dataset.registered.v1", subject, data | changes, actor=by.id, claim=registration_claim(subject))
        return subject

    def scan(self, dataset: str, *, by: Someone, identified: int = 0, unclassified: int = 0) -> int:
        """Scan a data set for personal data."""
        data = {
            "digest": self.catalog().datasets[dataset].digest,
            "report": self.blobs.put(b'{"report":"pii"}'),
            "engine": "presidio",
            "identified_columns": identified,
            "unclassified_columns": unclassified,
        }
        return self.append("pii.scanned.v1", dataset, data, actor=by.id).index

    def transform(self, source: str, *, to: str, by: Someone) -> str:
        """Register a data set made from `source` by pseudonymising it."""
        made = self.dataset(to, by=by, derived_from=source)
        datasets = self.catalog().datasets
        data = {
            "source": source,
            "source_digest": datasets[source].digest,
            "digest": datasets[made].digest,
            "report": self.blobs.put(b'{"report":"transform"}'),
            "key_id": "key-1",
            "columns": 1,
        }
        self.append("pii.transformed.v1", made, data, actor=by.id)
        return made

    def thresholds(
        self, name: str, dataset: str, *, by: Someone, items: Sequence[Mapping[str, str]] = THRESHOLDS
    ) -> int:
        """Register thresholds for a model name."""
        data = {
            "method": "out-of-fold/v1",
            "folds": 10,
            "seed": 7,
            "data_digest": self.catalog().datasets[dataset].digest,
            "dataset": dataset,
            "items": [dict(item) for item in items],
        }
        return self.append("threshold.registered.v1", f"model/{name}", data, actor=by.id).index

    def run(self, name: str, dataset: str, *, by: Someone, authors: Sequence[str] = (), exit_code: int = 0) -> str:
        """Train a model, ungated. Returns the run's subject."""
        self.count += 1
        subject = f"run/test-{self.count:08d}"
        started = {
            "model": f"model/{name}",
            "dataset": dataset,
            "dataset_digest": self.catalog().datasets[dataset].digest,
            "gated": False,
            "revision": "0123abcd",
            "dirty": False,
            "environment": digest_for("lock"),
            "manifest": digest_for("manifest"),
            "authors": list(authors) or [by.id],
            "seed": 7,
        }
        self.append("training.started.v1", subject, started, actor=by.id)
        ended = {"exit_code": exit_code, "duration_ms": 1200, "report": digest_for("report")}
        if exit_code == 0:
            ended["artifacts"] = digest_for(subject)
        self.append("training.completed.v1", subject, ended, actor=by.id)
        return subject

    def register(self, name: str, run: str, *, by: Someone, version: int = 1, **changes: Any) -> str:
        """Register the model that came out of a run. Returns its subject."""
        subject = f"model/{name}@{version}"
        data = {"digest": digest_for(run), "run": run, "owner": by.id, "tier": "high", "decides_on_people": True}
        self.append("model.registered.v1", subject, data | changes, actor=by.id, claim=registration_claim(subject))
        self.serving.store[subject] = str((data | changes)["digest"])
        return subject

    def model(self, name: str = "risk", *, by: Someone, version: int = 1, dataset: str | None = None) -> str:
        """A registered model with all that comes before: data set (scanned), thresholds, a run. Returns its
        subject.
        """
        if dataset is None:
            dataset = "dataset/credit@1"
            if dataset not in self.catalog().datasets:
                self.scan(self.dataset(by=by), by=by)
        self.thresholds(name, dataset, by=by)
        return self.register(name, self.run(name, dataset, by=by), by=by, version=version)

    def confirm(self, model: str, *, by: Someone, **changes: Any) -> int:
        """Confirm a model's classification as it is."""
        known = self.known(model)
        data = {"digest": known.digest, "tier": known.tier, "decides_on_people": known.decides_on_people}
        return self.append("model.classification_confirmed.v1", model, data | changes, actor=by.id).index

    def evidence(
        self,
        subject: str,
        kind: str,
        values: Mapping[str, Any],
        /,
        *,
        by: Someone,
        declared: bool = False,
        **changes: Any,
    ) -> int:
        """Attach evidence with these values; `changes` replaces members of the event's data."""
        measurement = Measurement(
            kind=kind,
            method="out-of-fold/v1",
            tool="test@1",
            parameters=(("folds", 10),),
            seed=7,
            data_digest=digest_for("dataset/credit@1"),
            n=1000,
            values=values,
        )
        data = {
            "kind": kind,
            "digest": self.known(subject).digest if subject.startswith("model/") else self.live_digest(subject),
            "content": self.blobs.put(measurement.encode()),
            "method": measurement.method,
            "data_digest": measurement.data_digest,
            "n": measurement.n,
            "measured_at": self.clock.now(),
        }
        if not declared:
            data["tool"] = measurement.tool
        name = "evidence.declared.v1" if declared else "evidence.measured.v1"
        return self.append(name, subject, data | changes, actor=by.id).index

    def decided(self, subject: str, gate: str, outcome: str, *, by: Someone, request: str | None = None) -> str:
        """Record a decision that nobody computed. Returns its id."""
        self.count += 1
        name = f"d-{self.count:032x}"
        data: dict[str, Any] = {
            "decision": name,
            "gate": gate,
            "outcome": outcome,
            "engine": "table@1",
            "as_of": len(self.ledger.rows),
            **{blob: digest_for(blob) for blob in ("document", "binding", "input", "bundle")},
        }
        if request is not None:
            data["request"] = request
        self.append("policy.decided.v1", subject, data, actor=by.id)
        return name

    def request(self, model: str, target: str = "production", *, by: Someone, **changes: Any) -> str:
        """Put a model to people, on a pending decision. Returns the request's subject."""
        decision = self.decided(model, "production", "pending", by=by)
        subject = f"request/test-{self.count:08d}"
        data = {
            "gate": "production",
            "kind": "promotion",
            "subject": model,
            "digest": self.known(model).digest,
            "target": target,
            "binding": digest_for("binding"),
            "packet": digest_for("packet"),
            "decision": decision,
            "deadline": "2026-12-01T00:00:00.000000Z",
            "requires": APPROVALS["production"]["high"],
        }
        self.append("promotion.requested.v1", subject, data | changes, actor=by.id)
        return subject

    def answer(self, request: str, who: Someone, role: str, *, yes: bool = True) -> str:
        """Record an answer nobody signed. Returns the entry's id."""
        data = {
            "person": who.id,
            "credential": who.credential,
            "role": role,
            "binding": digest_for("binding"),
            "statement": digest_for("statement"),
            "signature": digest_for("signature"),
            "expires": "2026-12-01T00:00:00.000000Z",
        }
        name = "approval.granted.v1" if yes else "approval.rejected.v1"
        return self.append(name, request, data, actor=who.id).id

    def intend(self, model: str, target: str, request: str, /, *, by: Someone, **changes: Any) -> str:
        """Record the intent of a promotion, on a permit. Returns the promotion's id."""
        permit = self.decided(model, "production", "allow", by=by, request=request)
        promotion = f"promotion-{self.count}"
        data = {
            "promotion": promotion,
            "kind": "promotion",
            "request": request,
            "decision": permit,
            "subject": model,
            "digest": self.known(model).digest,
            "configuration": self.blobs.put(self.configuration().raw),
            "fallback": "human-queue",
            "approvals": [],
        }
        self.append(
            "promotion.intended.v1", f"deployment/{target}", data | changes, actor=by.id, claim=use_claim(request)
        )
        return str((data | changes)["promotion"])

    def came_out(self, model: str, target: str, promotion: str, answer: str, /, *, by: Someone, **changes: Any) -> int:
        """Record what came of a promotion: succeeded, failed or unknown."""
        data = {
            "promotion": promotion,
            "deployment_digest": deployment_digest(self.known(model).digest, target, self.configuration().digest),
            "receipt": digest_for("receipt"),
        }
        subject = f"deployment/{target}"
        return self.append(f"promotion.{answer}.v1", subject, data | changes, actor=by.id).index

    def promote(self, model: str, target: str = "production", *, by: Someone) -> str:
        """Record a whole promotion that succeeded, without judging it. Returns the deployment's subject."""
        promotion = self.intend(model, target, self.request(model, target, by=by), by=by)
        self.came_out(model, target, promotion, "succeeded", by=by)
        return f"deployment/{target}"

    def configuration(self, **changes: Any) -> Configuration:
        """The usual configuration, changed."""
        return Configuration.of({**CONFIGURATION, **changes})

    def known(self, model: str) -> Model:
        """A model by its subject."""
        return self.catalog().models[model]

    def deployment(self, target: str = "production") -> Deployment:
        """A deployment by its target."""
        return self.catalog().deployments[f"deployment/{target}"]

    def live_digest(self, deployment: str) -> str:
        """The identity of what is live."""
        return self.catalog().deployments[deployment].lives[-1].deployment_digest

    def gather(self, gate: str, subject: str, *, catalog: Catalog | None = None, **changes: Any) -> Facts:
        """The facts at a gate, now; at `production` for the target `production` and the usual configuration."""
        if gate == "production":
            changes = {"target": "production", "configuration": self.configuration(), **changes}
        given = {"now": self.clock.now(), "state": self.ledger.state(), "bundle": self.bundle, **changes}
        return gather(catalog or self.catalog(), self.blobs, gate=gate, subject=subject, **given)
