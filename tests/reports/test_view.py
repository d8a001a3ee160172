"""From a ledger to the dossier's view: every section says what the entries say, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.desk import Desk, read
from governance.errors import InputError
from governance.event import EVENT_TYPES
from governance.gate import Question, check, weigh
from ledger.entry import base64
from ledger.errors import IntegrityError
from reports.dossier import DossierView, render_dossier
from reports.view import Sources, dossier_view
from reports.view_events import _WORDS
from tests.world import Someone, World, digest_for

FINDING = {
    "control": "C-1",
    "kind": "violated",
    "field": "evidence.fairness.values.sex.parity_difference",
    "value": "0.197",
    "limit": "0.10",
    "evidence": "fairness",
    "next": "qayd evidence measure fairness",
    "passes": "at 0.10 or below",
    "detail": "n = 690 / 310",
}
NEEDS = {
    **dict.fromkeys(FINDING, ""),
    "control": "M-1",
    "kind": "violated",
    "requires": [{"role": "risk-officer", "count": 1}],
}
FAIRNESS = {
    "attributes": [
        {
            "attribute": "sex",
            "decidable": True,
            "parity_difference": "0.197",
            "interval": ["0.121", "0.27"],
            "groups": [
                {"group": "male", "n": 690, "selection_rate": "0.781"},
                {"group": "female", "n": 310, "selection_rate": "0.584"},
            ],
        },
        {"attribute": "age", "decidable": False, "parity_difference": "0.4", "groups": []},
    ]
}


class Story(World):
    """A world with a trainer and two approvers, and real decisions."""

    def __init__(self, **options: str) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.trainer = self.person("engineer", name="trainer")
        self.risk = self.person("risk-officer", name="risk")
        self.validator = self.person("validator", name="validator")

    @property
    def desk(self) -> Desk:
        """The desk at which this world's gates are asked."""
        return Desk(self.ledger, self.blobs, self.engine, self.clock, "test")

    def ask(self, gate: str, subject: str, *findings: dict[str, object], by: Someone | None = None) -> str:
        """Ask a gate that finds these findings; the id of the recorded decision."""
        self.engine.table[gate] = [dict(finding) for finding in findings]
        production = {"target": "production", "configuration": self.configuration()} if gate == "production" else {}
        return check(self.desk, Question(gate, subject, **production), actor=(by or self.trainer).id).id  # type: ignore[arg-type]

    def decided(self, subject: str, gate: str, outcome: str, *, by: Someone, request: str | None = None) -> str:
        """Record a decision with a real document, as a gate that finds what leads to `outcome` writes it."""
        self.engine.table[gate] = [NEEDS] if outcome == "pending" else []
        question = Question(gate, subject, "production", self.configuration())
        decision = replace(weigh(self.desk, question, read(self.desk)).decision, request=request)
        data: dict[str, object] = {
            "decision": decision.id,
            "gate": gate,
            "outcome": outcome,
            "engine": str(decision.engine),
            "as_of": decision.as_of,
            "document": self.blobs.put(decision.encode()),
            "target": decision.target,
            "binding": decision.binding.digest,
            "input": decision.input_digest,
            "bundle": decision.policy.bundle,
        }
        data |= {} if request is None else {"request": request}
        self.append("policy.decided.v1", subject, data, actor=by.id)
        return decision.id

    def view(self, subject: str = "model/risk@1") -> DossierView:
        """The dossier's view now."""
        return dossier_view(Sources(read(self.desk), self.blobs, self.bundle, "log.example+00000000+AAAA"), subject)


def derived(story: Story) -> str:
    """A pseudonymised data set; its subject."""
    raw = story.dataset("credit@1", by=story.trainer)
    story.scan(raw, by=story.trainer, identified=4, unclassified=1)
    clean = story.transform(raw, to="credit@2", by=story.trainer)
    story.scan(clean, by=story.trainer)
    return clean


def test_data_goes_back_to_the_first_set() -> None:
    """Both the raw and the pseudonymised set are shown, the first one first, each with its own scan and card."""
    story = Story()
    clean = derived(story)
    story.model(by=story.trainer, dataset=clean)
    first, second = story.view().datasets
    assert (first.subject, first.identified_columns, first.unclassified_columns) == ("dataset/credit@1", 4, 1)
    assert (first.transformed, first.source, first.licence) == (False, "a test", "CC0")
    assert (second.subject, second.derived_from, second.transformed) == (clean, "dataset/credit@1", True)
    assert (second.identified_columns, second.legal_basis, second.region) == (0, "contract", "me-central-1")


def test_an_unscanned_set_is_not_a_clean_one() -> None:
    """No scan and no identities found are two different things."""
    story = Story()
    story.model(by=story.trainer, dataset=story.dataset(by=story.trainer))
    assert [one.identified_columns for one in story.view().datasets] == [-1]


def test_training_and_thresholds_are_those_of_the_run() -> None:
    """Thresholds tell whether they came before the training, by place in the ledger."""
    story = Story()
    story.model(by=story.trainer)
    view = story.view()
    assert (view.run.exit_code, view.run.duration_ms, view.run.authors) == (0, 1200, (story.trainer.id,))
    assert [(one.metric, one.value, one.before_training) for one in view.thresholds] == [("accuracy", "0.70", True)]


def test_thresholds_after_the_training_are_shown_as_such() -> None:
    """A threshold registered once the result could be known is told apart; a run without any has none."""
    story = Story()
    data = story.dataset(by=story.trainer)
    story.register("risk", story.run("risk", data, by=story.trainer, exit_code=0), by=story.trainer)
    assert story.view().thresholds == ()
    story.thresholds("risk", data, by=story.trainer)
    assert [one.before_training for one in story.view().thresholds] == [False]


def test_evidence_shows_values_groups_and_limits() -> None:
    """Metrics carry their registered threshold, groups their n, and a declaration is not a measurement."""
    story = Story()
    model = story.model(by=story.trainer)
    story.evidence(model, "performance", {"metrics": {"accuracy": "0.77", "recall": "0.5"}}, by=story.risk)
    story.evidence(model, "fairness", FAIRNESS, by=story.risk, declared=True)
    story.evidence(model, "drift", {"columns": [{"column": "age", "score": "0.02", "limit": "0.1"}]}, by=story.risk)
    performance, fairness, drift = story.view().evidence
    assert [(m.name, m.value, m.bound, m.limit) for m in drift.metrics] == [("age", "0.02", "max", "0.1")]
    assert [(m.name, m.value, m.bound, m.limit) for m in performance.metrics] == [
        ("accuracy", "0.77", "min", "0.70"),
        ("recall", "0.5", "", ""),
    ]
    assert (performance.state, performance.tool, performance.seed) == ("measured", "test@1", "7")
    assert (fairness.state, fairness.tool) == ("declared", "")
    sex, age = fairness.groups
    assert [(group.name, group.value, group.n) for group in sex.groups] == [
        ("male", "0.781", 690),
        ("female", "0.584", 310),
    ]
    assert (sex.difference, sex.interval, sex.limit) == ("0.197", "0.121 to 0.27", "0.10")
    assert age.interval == ""
    assert age.difference == "0.4 (too few people to decide)"


def test_evidence_that_is_lost_is_an_integrity_failure() -> None:
    """A dossier never leaves out what it cannot read."""
    story = Story()
    model = story.model(by=story.trainer)
    story.evidence(model, "performance", {"metrics": {}}, by=story.risk)
    del story.blobs.kept[story.catalog().evidence[model, "performance"][0].content]
    with pytest.raises(IntegrityError):
        story.view()


def test_decisions_come_with_their_findings() -> None:
    """A denial shows control, value, limit, the way out, and the title joined from the catalogue."""
    story = Story()
    model = story.model(by=story.trainer)
    train = story.ask("train", "dataset/credit@1")
    denied = story.ask("production", model, FINDING)
    first, second = story.view().decisions
    assert (first.id, first.subject, first.outcome, first.findings) == (train, "dataset/credit@1", "allow", ())
    assert (second.id, second.outcome, second.target) == (denied, "deny", "production")
    (finding,) = second.findings
    assert (finding.control, finding.severity, finding.title, finding.title_ar) == ("C-1", "C", "Control C-1", "ضابط")
    assert (finding.value, finding.limit, finding.passes) == ("0.197", "0.10", "at 0.10 or below")
    assert finding.basis == "house policy"


def test_a_request_shows_who_answered_and_whose_answer_counted() -> None:
    """The maker's approval does not count and says why; the one the promotion used does."""
    story = Story()
    model = story.model(by=story.trainer)
    request = story.request(model, by=story.trainer)
    story.answer(request, story.trainer, "risk-officer")
    yes = story.answer(request, story.risk, "risk-officer")
    (open_,) = story.view().requests
    assert [(answer.person, answer.counted) for answer in open_.approvals] == [
        (story.trainer.id, False),
        (story.risk.id, True),
    ]
    assert "trainer" in open_.approvals[0].note
    story.answer(request, story.validator, "validator")
    promotion = story.intend(model, "production", request, by=story.trainer, approvals=[yes])
    story.came_out(model, "production", promotion, "succeeded", by=story.trainer)
    (used,) = story.view().requests
    assert (used.state, used.requires) == ("used", ("1 risk-officer", "1 validator"))
    assert [answer.counted for answer in used.approvals] == [False, True, False]
    assert [answer.note for answer in used.approvals][1:] == ["", "not used"]


def test_a_rejection_is_shown_as_one() -> None:
    """A no stands with its person and role, and does not count towards the quorum."""
    story = Story()
    request = story.request(story.model(by=story.trainer), by=story.trainer)
    story.answer(request, story.risk, "risk-officer", yes=False)
    (rejected,) = story.view().requests
    assert rejected.state == "rejected"
    assert [(one.answer, one.counted, one.note) for one in rejected.approvals] == [("reject", False, "")]


def test_the_standing_follows_the_deployment() -> None:
    """Never promoted, live, suspended with its fallback, replaced by another model: each is said."""
    story = Story()
    model = story.model(by=story.trainer)
    assert story.view().standing == ""
    deployment = story.promote(model, by=story.trainer)
    assert story.view().standing == "live at production"
    drift = {"k": 2, "n": 3, "windows": [digest_for("w")], "digest": story.live_digest(deployment)}
    cause = story.append("drift.detected.v1", deployment, drift, actor=story.risk.id).index
    stop = {"cause": str(cause), "serving": "human-queue"}
    story.append("deployment.suspended.v1", deployment, stop, actor=story.risk.id)
    view = story.view()
    assert view.standing == "suspended at production; human-queue serves"
    assert [(one.event, one.state) for one in view.deployments] == [
        (f"promotion of {model}: succeeded", f"{model} serves"),
        ("drift found", "unchanged"),
        ("suspended", "human-queue serves"),
    ]
    assert view.deployments[2].detail == f"cause: entry {cause}"
    other = story.model(by=story.trainer, version=2)
    story.promote(other, by=story.trainer)
    assert story.view(other).standing == "live at production"
    assert story.view().standing == "no longer at production"
    back = {"subject": model, "digest": story.known(model).digest}
    story.append("deployment.rolled_back.v1", deployment, back, actor=story.risk.id)
    assert story.view().standing == "live at production"
    assert story.view().deployments[-1].event == "rolled back"


@pytest.mark.parametrize(
    ("answer", "state", "standing"),
    [("failed", "as before", ""), ("unknown", "unknown", ""), (None, "unknown", "")],
    ids=["failed", "unknown", "no outcome"],
)
def test_a_promotion_that_did_not_succeed_is_no_standing(answer: str | None, state: str, standing: str) -> None:
    """An attempt is shown with what came of it; it makes nothing live."""
    story = Story()
    model = story.model(by=story.trainer)
    promotion = story.intend(model, "production", story.request(model, by=story.trainer), by=story.trainer)
    if answer is not None:
        story.came_out(model, "production", promotion, answer, by=story.trainer)
    view = story.view()
    assert [one.state for one in view.deployments] == [state]
    assert view.standing == standing


def test_windows_are_those_of_this_model_while_it_served() -> None:
    """A window of another model at the same target is not this model's."""
    story = Story()
    model = story.model(by=story.trainer)
    deployment = story.promote(model, by=story.trainer)
    calm = {"breach": False, "columns": [{"column": "a", "drifted": False}]}
    broken = {"breach": True, "columns": [{"column": "a", "drifted": True}, {"column": "b", "drifted": True}]}
    story.evidence(deployment, "drift-window", calm, by=story.risk)
    story.evidence(deployment, "drift-window", broken, by=story.risk)
    story.promote(story.model(by=story.trainer, version=2), by=story.trainer)
    story.evidence(deployment, "drift-window", broken, by=story.risk)
    assert [(one.score, one.drifted) for one in story.view().windows] == [("0", False), ("2", True)]
    assert [one.drifted for one in story.view("model/risk@2").windows] == [True]


def test_the_life_line_has_every_entry_but_people_in_order() -> None:
    """Every kind of entry about the model has its words; enrolments and the opening have none."""
    story = Story()
    clean = derived(story)
    model = story.model(by=story.trainer, dataset=clean)
    story.confirm(model, by=story.risk)
    story.ask("production", model, FINDING)
    story.promote(model, by=story.trainer)
    view = story.view()
    indices = [event.index for event in view.events]
    assert indices == sorted(indices)
    told = {event.words: event.tone for event in view.events}
    assert told["gate production: deny"] == "bad"
    assert told["gate production: allow"] == "good"
    assert told["scanned for personal data: 4 columns with identities"] == "bad"
    assert told["scanned for personal data: 0 columns with identities"] == "good"
    assert told["training ended with exit code 0"] == "good"
    assert told["classification confirmed: tier high"] == "good"
    types = [entry.type for entry in read(story.desk).entries]
    assert len(view.events) == sum(not kind.startswith(("person.", "ledger.")) for kind in types)


def test_confirmation_by_a_maker_does_not_count() -> None:
    """A classification is confirmed only by somebody who made nothing of the model."""
    story = Story()
    model = story.model(by=story.trainer)
    story.confirm(model, by=story.trainer)
    assert not story.view().confirmed
    story.confirm(model, by=story.risk)
    assert story.view().confirmed


def test_the_proof_names_the_whole_ledger_and_the_signed_part() -> None:
    """Size, root and checkpoint are those of the verified state; the entries are those behind the page."""
    story = Story()
    story.model(by=story.trainer)
    story.ledger.sign()
    story.person("engineer", name="stranger")
    view, state = story.view(), story.ledger.state()
    assert (view.proof.size, view.proof.root) == (state.size, base64(state.root))
    assert (view.proof.checkpoint_size, view.proof.first_index) == (state.size - 1, 0)
    assert view.proof.entries < view.proof.size
    assert any(view.proof.vkey in command.line for command in view.verify)


def test_the_same_ledger_gives_the_same_bytes_whenever_it_is_read() -> None:
    """The clock of the reader does not enter the page."""
    story = Story()
    story.model(by=story.trainer)
    before = render_dossier(story.view())
    story.clock.advance(days=3)
    assert render_dossier(story.view()) == before


def test_no_name_of_a_person_is_in_the_page() -> None:
    """People stand under their pseudonyms; what is sealed stays sealed."""
    story = Story()
    story.promote(story.model(by=story.trainer), by=story.trainer)
    content = render_dossier(story.view()).content.decode()
    assert "Somebody" not in content
    assert story.trainer.id in content


@pytest.mark.parametrize("subject", ["dataset/credit@1", "model/risk", "model/other@1", "nonsense"])
def test_only_a_registered_model_version_has_a_dossier(subject: str) -> None:
    """Anything else is refused, with a hint."""
    story = Story()
    story.model(by=story.trainer)
    with pytest.raises(InputError) as refused:
        story.view(subject)
    assert refused.value.hint


def test_every_kind_of_event_about_a_model_has_words() -> None:
    """A new event type cannot be forgotten here: all but people's and foreign ones are told."""
    told = {name for name in _WORDS if EVENT_TYPES.get(name)}
    others = {kind.name for kind in EVENT_TYPES if not kind.name.startswith("ledger.")}
    assert others - told == {
        "person.enrolled.v1",
        "person.revoked.v1",
        "source.heartbeat.v1",
    }


def test_a_card_that_is_no_card_is_an_integrity_failure() -> None:
    """A data set's source and licence are never made up."""
    story = Story()
    story.model(by=story.trainer, dataset=story.dataset(by=story.trainer, card=story.blobs.put(b"[]")))
    with pytest.raises(IntegrityError) as failure:
        story.view()
    assert "dataset/credit@1" in failure.value.message
