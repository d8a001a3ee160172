"""Writing reports, and recording that they were handed out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.operations import models
from adapters.storage.files import write_atomically
from governance.desk import read
from governance.errors import InputError

if TYPE_CHECKING:
    from adapters.wiring import Home


def dossier(home: Home, name: str, out: Path) -> dict[str, Any]:
    """Write the dossier of a model version as one HTML file and record its digest. Raises InputError, ToolFault."""
    from reports.dossier import render_dossier
    from reports.view import Sources, dossier_view

    if out.is_dir() or not out.absolute().parent.is_dir():
        raise InputError(f"{out} is no file that could be written", "name a file in a directory that exists")
    home.actor()
    model = models.find(home, name)
    home.sign()
    reading = read(home.desk())
    report = render_dossier(dossier_view(Sources(reading, home.blobs, home.bundle, home.config.vkey), model.subject))
    write_atomically(out, report.content, 0o644)
    data = {"format": "html", "digest": report.digest, "as_of": reading.state.size}
    index = home.append(home.event("report.issued.v1", model.subject, data))[0].index
    return {"file": str(out), "digest": report.digest, "as_of": reading.state.size, "index": index}
