"""Finding a request by its id, or by the subject it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import InputError

if TYPE_CHECKING:
    from adapters.wiring import Home
    from governance.views import Filed


def find(home: Home, reference: str) -> Filed:
    """The request `request/ID`, or the newest one about a subject (`model/x@1`, `x@1`, `deployment/y`, `y`).

    Raises InputError when there is none.
    """
    requests = home.catalog().requests
    for name in (reference, f"request/{reference}"):
        if name in requests:
            return requests[name]
    names = {reference, f"model/{reference}", f"deployment/{reference}"}
    about = [filed for filed in requests.values() if {filed.concerns, f"deployment/{filed.target}"} & names]
    if not about:
        raise InputError(f"there is no request {reference}", "open one with `qayd promotion request`")
    return max(about, key=lambda filed: filed.index)
