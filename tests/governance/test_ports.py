"""The contracts of the ports, kept by the simulator; its blobs are held against the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.errors import InputError, PolicyFault, ToolFault
from governance.evidence import NoMeasurement
from governance.ports import (
    Blobs,
    Clock,
    EngineFactory,
    Ledger,
    Measurer,
    Placement,
    PolicyEngine,
    Serving,
)
from ledger.blobs import Blobs as RealBlobs
from ledger.errors import IntegrityError, Kind, StoreFault
from tests.bundles import a_bundle
from tests.simulator import Fault, MemoryBlobs, TableMeasurer
from tests.world import World, digest_for


def test_the_simulator_is_all_of_the_outside() -> None:
    """Every port has its stand-in; the types say so, and this says they are there."""
    world = World()
    ledger: Ledger = world.ledger
    blobs: Blobs = world.blobs
    engine: PolicyEngine = world.engine
    engines: EngineFactory = world.engines
    serving: Serving = world.serving
    clock: Clock = world.clock
    measurer: Measurer = TableMeasurer("fairness", NoMeasurement("fairness", "one group"))
    assert len(ledger.entries()) == 1 and engines("table", engine.bundle).name == engine.name
    assert ledger.entries()[0].time == clock.now() and measurer.kind == "fairness"
    assert blobs.get(blobs.put(b"x")) == b"x" and serving.current("production") is None
    assert measurer.measure(7) == NoMeasurement("fairness", "one group")


# -- blobs -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "disk"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Blobs in memory, and the real ones."""
    return MemoryBlobs() if request.param == "memory" else RealBlobs(tmp_path / "blobs", bytes(32))


def test_blobs_are_found_by_their_digest(blobs: Blobs) -> None:
    """Putting is idempotent; getting gives the bytes; what was never put is LOST."""
    name = blobs.put(b"content")
    assert name == digest_for("content") == blobs.put(b"content", retention="standard")
    assert blobs.get(name) == b"content"
    with pytest.raises(IntegrityError) as caught:
        blobs.get(digest_for("other"))
    assert caught.value.kind is Kind.LOST


def test_altered_blobs_are_noticed_and_faults_come_in_pairs() -> None:
    """Other bytes under a digest are ALTERED; a full disk leaves the blob out, a lost answer leaves it in."""
    blobs = MemoryBlobs()
    name = blobs.put(b"content")
    blobs.kept[name] = b"Content"
    with pytest.raises(IntegrityError) as caught:
        blobs.get(name)
    assert caught.value.kind is Kind.ALTERED
    for fault, there in ((Fault.BEFORE, False), (Fault.AFTER, True)):
        blobs.faults.add(fault)
        with pytest.raises(StoreFault):
            blobs.put(fault.name.encode())
        assert (digest_for(fault.name) in blobs.kept) == there


# -- engines and serving ---------------------------------------------------------------------------------------


def test_the_engine_finds_what_the_table_says() -> None:
    """Findings from a list or a function of the input; none for other gates; a fault when it is told to fail."""
    world = World()
    row = {"control": "C-1", "kind": "violated"}
    world.engine.table = {"train": [row], "register": lambda document: [row | {"value": document["now"]}]}
    assert world.engine.evaluate("train", {}) == [row] and world.engine.evaluate("ingest", {}) == []
    assert world.engine.evaluate("register", {"now": "x"}) == [row | {"value": "x"}]
    assert [gate for gate, _ in world.engine.asked] == ["train", "ingest", "register"]
    world.engine.fault = True
    with pytest.raises(PolicyFault):
        world.engine.evaluate("train", {})
    with pytest.raises(InputError, match="no engine third"):
        world.engines("third", a_bundle())


def test_both_engines_share_the_table() -> None:
    """The other engine answers alike, under its own name, with the bundle it is given."""
    world = World()
    world.engine.table["train"] = [{"control": "C-1"}]
    other = world.engines("other", a_bundle())
    assert (other.name, other.version) == ("other", "2")
    assert other.evaluate("train", {}) == world.engine.evaluate("train", {})


def test_shifting_moves_what_serves_and_can_be_repeated() -> None:
    """What serves afterwards is what was asked for; the same shift again changes nothing; a fallback has no digest."""
    serving = World().serving
    serving.store = {"model/risk@1": digest_for("m")}
    placement = Placement("model/risk@1", digest_for("m"), digest_for("c"), "promotion-1")
    assert serving.shift("production", placement) == serving.shift("production", placement)
    assert serving.current("production") == placement and serving.current("elsewhere") is None
    fallback = Placement("human-queue", None, None, "stop-1")
    serving.shift("production", fallback)
    assert serving.current("production") == fallback


def test_only_what_is_in_the_store_can_serve() -> None:
    """Another digest, or a model that is not there, changes nothing."""
    serving = World().serving
    serving.store = {"model/risk@1": digest_for("m")}
    for model, digest in (("model/risk@1", digest_for("other")), ("model/risk@2", digest_for("m"))):
        with pytest.raises(InputError, match="not in the store"):
            serving.shift("production", Placement(model, digest, None, "promotion-1"))
    assert serving.at == {}


@pytest.mark.parametrize(("fault", "done"), [(Fault.BEFORE, False), (Fault.AFTER, True)])
def test_a_failed_shift_may_have_been_done(fault: Fault, done: bool) -> None:
    """The caller sees the same fault either way and must look; a blind serving system cannot even be looked at."""
    serving = World().serving
    serving.store = {"model/risk@1": digest_for("m")}
    placement = Placement("model/risk@1", digest_for("m"), None, "promotion-1")
    serving.faults.add(fault)
    with pytest.raises(ToolFault):
        serving.shift("production", placement)
    assert (serving.current("production") == placement) == done
    serving.blind = True
    with pytest.raises(ToolFault):
        serving.current("production")


def test_the_same_seed_is_the_same_world() -> None:
    """Simulated chance repeats, so a failing example can be run again; another seed is another chance."""
    one, two, other = (World(seed=seed) for seed in ("a", "a", "b"))
    for world in (one, two, other):
        world.model(by=world.ada)
    assert one.ledger.rows == two.ledger.rows != other.ledger.rows
    assert one.check() == two.check()
