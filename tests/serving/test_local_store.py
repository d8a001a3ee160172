"""The local model store: bytes verified before a pointer moves, names that stay inside, faults of the disk."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.serving.local_store import LocalStore
from adapters.training.artifacts import Manifest, collect
from governance.errors import InputError, ToolFault
from governance.ports import Placement


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The artifacts of a run, one of them in a directory."""
    out = tmp_path / "out"
    (out / "trees").mkdir(parents=True)
    (out / "model.json").write_text("model")
    (out / "trees" / "1.json").write_text("tree")
    return out


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store."""
    return LocalStore(tmp_path / "store")


def placement(digest: str | None, promotion: str = "p-1", model: str = "model/credit@1") -> Placement:
    """A placement without configuration."""
    return Placement(model, digest, None, promotion)


def test_admitting_copies_exactly_the_manifest(store: LocalStore, source: Path) -> None:
    """By digest, whole, and again without harm."""
    manifest = collect(source)
    digest = store.admit(manifest, source)
    assert digest == manifest.digest == store.admit(manifest, source)
    assert store.verify(digest) == manifest
    assert (store.model_directory(digest) / "files" / "trees" / "1.json").read_text() == "tree"
    assert [path.name for path in store.model_directory(digest).parent.iterdir()] == [digest[7:]]


def test_artifacts_that_changed_are_not_admitted(store: LocalStore, source: Path, tmp_path: Path) -> None:
    """Changed, gone or replaced by a link since they were digested: nothing stays in the store."""
    manifest = collect(source)
    (source / "model.json").write_text("other")
    with pytest.raises(InputError, match="not what their manifest says"):
        store.admit(manifest, source)
    (source / "model.json").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        store.admit(manifest, source)
    (source / "model.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be read"):
        store.admit(manifest, source)
    assert not list((tmp_path / "store" / "models").iterdir())


@pytest.mark.parametrize("harm", ["changed", "gone", "added", "link", "manifest"])
def test_a_stored_model_that_was_tampered_with_cannot_serve(store: LocalStore, source: Path, harm: str) -> None:
    """Every byte is read again before the pointer moves; the pointer stays where it was."""
    digest = store.admit(collect(source), source)
    home = store.model_directory(digest)
    model = home / "files" / "model.json"
    if harm in ("changed", "gone", "link"):
        model.unlink()
    if harm == "changed":
        model.write_text("evil!")
    elif harm == "link":
        model.symlink_to(source / "model.json")
    elif harm == "added":
        (home / "files" / "hook.py").write_text("evil")
    elif harm == "manifest":
        (home / "manifest").unlink()
        (home / "manifest").write_bytes(Manifest(()).encode())
    with pytest.raises(InputError, match="stored model"):
        store.shift("retail", placement(digest))
    assert store.current("retail") is None


@pytest.mark.parametrize("target", ["../up", "a/b", "", "A", ".hidden", "a" * 65, "a\n"])
def test_targets_stay_inside_the_store(store: LocalStore, target: str) -> None:
    """A target is a name, never a path."""
    with pytest.raises(InputError):
        store.current(target)
    with pytest.raises(InputError):
        store.shift(target, placement(None, model="rules"))


@pytest.mark.parametrize("digest", ["sha256:../../etc", "../x", "sha256:" + "A" * 64])
def test_models_are_named_by_digest_only(store: LocalStore, digest: str) -> None:
    """What is no digest names nothing."""
    with pytest.raises(InputError, match="digest"):
        store.shift("retail", placement(digest))


@pytest.mark.parametrize(
    "wrong",
    [
        Placement("yesterday", None, None, "p-1"),
        Placement("rules", None, "config.json", "p-1"),
        Placement("rules", None, None, "p 1"),
        Placement("model/credit@1", None, None, "p-1"),
    ],
)
def test_placements_that_cannot_be_are_refused(store: LocalStore, wrong: Placement) -> None:
    """An unknown fallback, a configuration that is no digest, a promotion that is no token."""
    with pytest.raises(InputError):
        store.shift("retail", wrong)


def test_a_promotion_is_used_once(store: LocalStore, source: Path) -> None:
    """Not for something else, and not to undo what followed it: a late retry must not lift a safety stop."""
    digest = store.admit(collect(source), source)
    store.shift("retail", placement(digest))
    with pytest.raises(InputError, match="something else"):
        store.shift("retail", placement(None, model="rules"))
    stop = placement(None, "stop-1", "human-queue")
    store.shift("retail", stop)
    with pytest.raises(InputError, match="another followed"):
        store.shift("retail", placement(digest))
    assert store.current("retail") == stop


@pytest.mark.parametrize("content", [b"", b"{}", b'{"v":"qayd/target/v1"}', b"not json"])
def test_a_damaged_pointer_is_a_fault(store: LocalStore, tmp_path: Path, content: bytes) -> None:
    """It cannot be told what serves, so nobody pretends to know."""
    store.shift("retail", placement(None, model="rules"))
    (tmp_path / "store" / "targets" / "retail.json").write_bytes(content)
    with pytest.raises(ToolFault, match="pointer of retail"):
        store.current("retail")


def test_a_pointer_of_another_target_is_a_fault(store: LocalStore, tmp_path: Path) -> None:
    """A copied pointer does not promote."""
    store.shift("retail", placement(None, model="rules"))
    targets = tmp_path / "store" / "targets"
    (targets / "cards.json").write_bytes((targets / "retail.json").read_bytes())
    with pytest.raises(ToolFault, match="another target"):
        store.current("cards")


def test_a_disk_that_refuses_is_a_fault(source: Path, tmp_path: Path) -> None:
    """Where no directory can be made, nothing is stored and nothing pointed at."""
    (tmp_path / "plain").write_text("a file where the store should be")
    store = LocalStore(tmp_path / "plain")
    with pytest.raises(ToolFault, match="cannot be stored"):
        store.admit(collect(source), source)
    with pytest.raises(ToolFault, match="cannot be changed"):
        store.shift("retail", placement(None, model="rules"))


@contextmanager
def disk_taking(size: int) -> Iterator[None]:
    """The kernel takes no more than `size` bytes into a file, as when the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_a_fault_and_leaves_nothing(store: LocalStore, source: Path, tmp_path: Path) -> None:
    """No half model and no half pointer; what served before still does."""
    store.shift("retail", placement(None, "p-0", "rules"))
    with disk_taking(3), pytest.raises(ToolFault, match="cannot be stored"):
        store.admit(collect(source), source)
    assert not list((tmp_path / "store" / "models").iterdir())
    digest = store.admit(collect(source), source)
    with disk_taking(3), pytest.raises(ToolFault):
        store.shift("retail", placement(digest))
    assert store.current("retail") == placement(None, "p-0", "rules")


def test_shifts_at_once_leave_one_whole_pointer(store: LocalStore) -> None:
    """Several callers: the pointer is one of theirs, and all others are remembered as earlier."""
    names = [f"p-{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: store.shift("retail", placement(None, name, "rules")), names))
    current = store.current("retail")
    assert current is not None
    assert current.promotion in names
    for name in set(names) - {current.promotion}:
        with pytest.raises(InputError, match="another followed"):
            store.shift("retail", placement(None, name, "rules"))
