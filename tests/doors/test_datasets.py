"""`qayd dataset`: what is said of a file, what is found in it, and where it is, kept apart from the record."""

from __future__ import annotations

from pathlib import Path

from tests.doors.cli import Result, expect, qayd

SAID = ("--purpose", "scoring", "--legal-basis", "contract", "--location", "azure/public/uaenorth", "--retention-days")


def register(file: Path, *more: str | Path) -> Result:
    """Register a file as `rows`."""
    return expect(0, "dataset", "register", "rows", "--file", file, *SAID, "30", "--json", *more)


def test_the_same_again_is_present_and_more_said_is_a_version(home: Path, tmp_path: Path) -> None:
    """A retry writes nothing; a source that was forgotten makes the next version of the same bytes."""
    file = tmp_path / "rows.csv"
    file.write_text("age,amount\n30,5\n40,7\n")
    first, again = register(file).json, register(file).json
    assert (first["subject"], first["status"], again["status"]) == ("dataset/rows@1", "registered", "present")
    assert again["index"] == first["index"]
    more = register(file, "--source", "own books", "--licence", "internal").json
    assert (more["subject"], more["digest"], more["status"]) == ("dataset/rows@2", first["digest"], "registered")
    assert register(file, "--source", "own books", "--licence", "internal").json["status"] == "present"


def test_a_path_is_never_part_of_the_record(home: Path, tmp_path: Path) -> None:
    """A directory may bear somebody's name: neither ledger, documents nor an exported trail hold it."""
    place = tmp_path / "hessa-al-mansoori"
    place.mkdir()
    (place / "rows.csv").write_text("age,amount\n30,5\n40,7\n")
    register(place / "rows.csv")
    expect(0, "trail", "export", tmp_path / "trail.zip")
    for kept in (home / "ledger.db", tmp_path / "trail.zip"):
        assert b"mansoori" not in kept.read_bytes()


def test_a_file_that_moved_is_found_by_saying_where(home: Path, tmp_path: Path) -> None:
    """Bytes count, not places; another file there is refused."""
    file = tmp_path / "rows.csv"
    file.write_text("age,amount\n30,5\n40,7\n")
    register(file)
    moved = file.rename(tmp_path / "moved.csv")
    assert "not at" in expect(2, "dataset", "scan", "rows").err
    expect(0, "dataset", "scan", "rows", "--file", moved)
    file.write_text("age,amount\n30,5\n40,8\n")
    assert "is not dataset/rows@1" in expect(2, "dataset", "scan", "rows").err


def test_nothing_to_pseudonymise(home: Path, tmp_path: Path) -> None:
    """Said so, and no second version of the same bytes is made."""
    file = tmp_path / "rows.csv"
    file.write_text("age,amount\n30,5\n40,7\n")
    register(file)
    result = qayd("dataset", "anonymise", "rows", "--out", tmp_path / "out.csv")
    assert result.code == 2 and "nothing to pseudonymise" in result.err
    assert not (tmp_path / "out.csv").exists()
    assert len(expect(0, "dataset", "show", "--json").json["datasets"]) == 1


def test_pseudonyms_are_made_checked_and_stable(home: Path, tmp_path: Path) -> None:
    """Identities are found, replaced by keyed tokens, found no more; the output is never overwritten."""
    file = tmp_path / "rows.csv"
    file.write_text("email,amount\n" + "".join(f"person{n}@example.ae,{n % 7}\n" for n in range(40)))
    register(file)
    assert expect(0, "dataset", "scan", "rows", "--json").json["report"]["identified_columns"] == 1
    out = tmp_path / "out.csv"
    expect(0, "dataset", "anonymise", "rows", "--out", out)
    assert "@example" not in out.read_text() and oct(out.stat().st_mode & 0o777) == "0o600"
    assert expect(0, "dataset", "show", "rows@2", "--json").json["personal_data"] == "pseudonymised"
    expect(2, "dataset", "anonymise", "rows@1", "--out", out)
    expect(0, "dataset", "anonymise", "rows@1", "--out", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()
