"""Turns a template and values into one self-contained HTML file.

Every value is escaped. The page's content security policy allows its own style sheet, named by digest, and nothing
else: no script, no image, no font, no request of any kind.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from reports.text import duration, moment, short, visible

STYLE = "report.css"


def page(template: str, values: Mapping[str, Any]) -> bytes:
    """The bytes of the page `templates/<template>` filled with `values`; the same values give the same bytes."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment, "short": short, "svg": Markup, "duration": duration}
    style = _read(STYLE)
    policy = f"default-src 'none'; style-src '{_source_hash(style)}'; base-uri 'none'; form-action 'none'"
    text = environment.get_template(template).render(values, style=Markup(style), policy=policy)  # noqa: S704  our own file
    return text.encode()


def _read(name: str) -> str:
    return resources.files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def _source_hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _finalize(value: Any) -> Any:
    return visible(value) if type(value) is str else value  # markup of our own is a subclass of str
