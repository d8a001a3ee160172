"""The contract of the port PolicyEngine, on the embedded engine and on a real OPA alike."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from adapters.policy.embedded_regorus import RegorusEngine
from adapters.policy.engines import Engines
from adapters.policy.local_opa import LocalOpa
from adapters.policy.server_opa import OpaEngine
from governance.bundle import Bundle
from governance.catalogue import Catalogue
from governance.decision import Outcome, decide
from governance.errors import InputError, PolicyFault
from governance.gate_input import encode_input
from governance.ports import PolicyEngine
from tests.policies.inputs import changed, small

GATES = ("ingest", "train", "register", "production", "in_production")
FAIRNESS = "controls/fairness/fairness.rego"


def outcome(engine: PolicyEngine, gate: str, document: dict[str, Any]) -> Outcome:
    """What the kernel makes of the engine's answer."""
    return decide(Catalogue.of(engine.bundle).join(gate, engine.evaluate(gate, document)))


@pytest.mark.parametrize("gate", GATES)
def test_good_facts_fit_the_schema_and_pass(engine: PolicyEngine, good: dict[str, Any], gate: str) -> None:
    """What the policies' own tests call good is a valid gate input, and passes; production asks people."""
    encode_input(good[gate])
    expected = Outcome.PENDING if gate == "production" else Outcome.ALLOW
    assert outcome(engine, gate, good[gate]) is expected


@pytest.mark.parametrize(
    ("gate", "path", "value", "expected"),
    [
        ("production", ("evidence", "fairness", "values", "attributes", 0, "parity_difference"), "0.197", Outcome.DENY),
        ("production", ("evidence", "fairness", "state"), "missing", Outcome.INSUFFICIENT),
        ("production", ("evidence", "drift", "state"), "declared", Outcome.INSUFFICIENT),
        ("production", ("evidence", "drift", "recorded_at"), "2025-01-01T00:00:00.000000Z", Outcome.INSUFFICIENT),
        ("production", ("evidence", "fairness", "values"), {"attributes": ["sex"]}, Outcome.FAULT),
        ("train", ("datasets", 0, "pii", "identified_columns"), 4, Outcome.DENY),
        ("ingest", ("datasets", 0, "legal_basis"), "legitimate-interests", Outcome.DENY),
        ("register", ("model", "confirmed"), False, Outcome.INSUFFICIENT),
        ("in_production", ("monitoring", "breaches"), 2, Outcome.DENY),
        ("in_production", ("ledger", "state"), "unverified", Outcome.INSUFFICIENT),
    ],
)
def test_each_outcome_is_reached(
    engine: PolicyEngine, good: dict[str, Any], gate: str, path: tuple[str | int, ...], value: Any, expected: Outcome
) -> None:
    """One fact made worse changes the outcome to the one that fact deserves."""
    assert outcome(engine, gate, changed(good[gate], path, value)) is expected


def test_a_finding_says_everything_needed_to_act(engine: PolicyEngine, good: dict[str, Any]) -> None:
    """Control, field, value, limit, evidence, and the nearest change that would pass."""
    path = ("evidence", "fairness", "values", "attributes", 0, "parity_difference")
    found = engine.evaluate("production", changed(good["production"], path, "0.1974"))
    assert {
        "control": "CB-AI-F",
        "kind": "violated",
        "field": "evidence.fairness.values.sex.parity_difference",
        "value": "0.197",
        "limit": "0.100",
        "evidence": "fairness",
        "next": "",
        "passes": "at 0.100 or below",
        "detail": "n = 690 / 310, 95% 0.010 to 0.091",
        "requires": [],
    } in found


def test_the_same_question_gets_the_same_answer_at_any_time(engine: PolicyEngine, good: dict[str, Any]) -> None:
    """No age and no clock is in a finding: what is bound to it does not change from one second to the next."""
    document = changed(good["production"], ("evidence", "drift", "recorded_at"), "2025-01-01T00:00:00.000000Z")
    later = changed(document, ("now",), "2026-11-23T12:00:01.000000Z")
    later = changed(later, ("ledger", "verified_at"), "2026-11-23T12:00:01.000000Z")
    assert engine.evaluate("production", document) == engine.evaluate("production", later)


def test_threads_may_share_an_engine(engine: PolicyEngine, good: dict[str, Any]) -> None:
    """An engine made in one thread answers in others."""
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(engine.evaluate("train", good["train"]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[]] * 4


def test_an_engine_says_what_it_is(engine: PolicyEngine, bundle: Bundle) -> None:
    """Name and version are recorded with each decision; the bundle is the one it was made with."""
    assert engine.name in {"regorus", "opa"}
    assert engine.version[0].isdigit()
    assert engine.bundle == bundle


def test_an_input_about_another_gate_is_refused(engine: PolicyEngine, good: dict[str, Any]) -> None:
    """The gate asked for and the gate in the facts are the same."""
    with pytest.raises(PolicyFault, match="not about the gate train"):
        engine.evaluate("train", good["production"])


@pytest.fixture(params=["regorus", "opa"])
def make(request: pytest.FixtureRequest, opa_server: LocalOpa) -> Any:
    """Makes an engine of each kind with a bundle of the test's own."""
    if request.param == "regorus":
        return RegorusEngine
    return lambda bundle: OpaEngine(opa_server.endpoint, bundle)


MAIN = "package qayd.main\n\n"


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("package qayd.controls.fairness\n\nfindings contains 1 if {\n", "fairness.rego:"),
        ("package qayd.controls.fairness\n\nfindings contains nowhere(1)\n", "fairness.rego:3"),
        ("package qayd.controls.fairness\n\nfindings contains x\n", "fairness.rego:3"),
    ],
    ids=["syntax", "unknown function", "unsafe variable"],
)
def test_a_policy_that_does_not_compile_is_named(make: Any, bundle: Bundle, broken: str, place: str) -> None:
    """File and line of what is wrong are in the message, and what to do is in the hint."""
    with pytest.raises(PolicyFault, match=place) as caught:
        make(small(bundle, {FAIRNESS: broken}))
    assert "qayd policy test" in caught.value.hint


@pytest.mark.parametrize(
    "main",
    [
        MAIN + "other := 1\n",
        MAIN + "findings := 1 if input.gate == {}\n",
        MAIN + 'findings := "allow"\n',
        MAIN + "findings := {}\n",
        MAIN + 'findings contains "fine"\n',
        MAIN + 'findings contains {"control": "ZT-5", "kind": "violated"}\n',
        MAIN + "import data.qayd.lib.finding\n\n" + 'findings contains finding.violated("ZT-5", {"value": 3})\n',
        MAIN + "import data.qayd.lib.finding\n\n" + 'findings contains finding.violated("ZT-5", {"age": "3"})\n',
        MAIN + "import data.qayd.lib.finding\n\n" + 'findings contains finding.violated("ZT-5", {"requires": [1]})\n',
        MAIN + "findings contains n if some n in numbers.range(1, 2000)\n",
        MAIN + 'findings contains to_number("x") if input.gate == "train"\n',
    ],
)
def test_what_is_no_well_formed_answer_is_a_fault(make: Any, bundle: Bundle, good: dict[str, Any], main: str) -> None:
    """Undefined, an allowance in words, a finding of another shape, an error of a built-in: none of it passes."""
    with pytest.raises(PolicyFault):
        make(small(bundle, {"main/main.rego": main})).evaluate("train", good["train"])


def test_a_small_bundle_answers(make: Any, bundle: Bundle, good: dict[str, Any]) -> None:
    """The bundle the faults above are made from is itself sound."""
    assert make(small(bundle, {})).evaluate("train", good["train"]) == []


@pytest.mark.parametrize("package", ["system.authz", "qaydish.main", "qayd_0.main", "qayd"])
def test_a_package_outside_ours_is_refused(make: Any, bundle: Bundle, package: str) -> None:
    """On a server, it would be somebody else's policy, or the guard itself."""
    with pytest.raises(PolicyFault, match="not one package under qayd"):
        make(small(bundle, {"lib/other.rego": f"package {package}\n\nallow := true\n"}))


@pytest.mark.parametrize("path", ["../../evil.rego", "/evil.rego", "lib/../../evil.rego", "lib//evil.rego", "a b.rego"])
def test_a_path_that_leads_elsewhere_is_refused(make: Any, bundle: Bundle, path: str) -> None:
    """A stored bundle is not trusted to say where files are written."""
    with pytest.raises(PolicyFault, match="a path that is none"):
        make(small(bundle, {path: "package qayd.lib.evil\n"}))


def test_a_private_server_names_what_does_not_compile(opa_binary: Path, bundle: Bundle) -> None:
    """A server started with the bundle says why it did not start: file and line."""
    broken = small(bundle, {FAIRNESS: "package qayd.controls.fairness\n\nfindings contains nowhere(1)\n"})
    with pytest.raises(PolicyFault, match=r"does not compile: .*controls/fairness/fairness\.rego:3"):
        Engines(opa_binary=str(opa_binary))("opa", broken)


def test_two_revisions_live_side_by_side(opa_server: LocalOpa, bundle: Bundle, good: dict[str, Any]) -> None:
    """Another revision on the same server changes nothing for those who ask by this one."""
    complains = (
        "package qayd.controls.fairness\n\nimport data.qayd.lib.finding\n\n"
        'findings contains finding.violated("CB-AI-F", {}) if true\n'
    )
    mild = OpaEngine(opa_server.endpoint, small(bundle, {}))
    strict = OpaEngine(opa_server.endpoint, small(bundle, {FAIRNESS: complains}))
    assert [len(each.evaluate("train", good["train"])) for each in (mild, strict, mild)] == [0, 1, 0]


def test_engines_are_made_by_name(bundle: Bundle, opa_server: LocalOpa, opa_binary: Any, good: dict[str, Any]) -> None:
    """By name: in process; on the server named; on one of its own, started once and stopped."""
    local = Engines(opa_binary=str(opa_binary))
    named = Engines(opa_url=opa_server.endpoint.url, opa_token=opa_server.endpoint.token)
    for engine in (local("regorus", bundle), local("opa", bundle), local("opa", bundle), named("opa", bundle)):
        assert engine.evaluate("train", good["train"]) == []
    local.close()
    local.close()
    with pytest.raises(InputError, match="no policy engine"):
        local("cedar", bundle)
    with pytest.raises(PolicyFault, match="no OPA program"):
        Engines(opa_binary="/nowhere/opa")("opa", bundle)
