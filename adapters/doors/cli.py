"""The command line `qayd <noun> <verb>`: which nouns there are. Each noun is a module in `nouns/`."""

from __future__ import annotations

import importlib

import typer

from adapters.doors import exits, output
from adapters.settings import quiet_tools

NOUNS = (
    "person",
    "dataset",
    "threshold",
    "training",
    "model",
    "evidence",
    "gate",
    "decision",
    "promotion",
    "approval",
    "deployment",
    "monitor",
    "retraining",
    "policy",
    "ledger",
    "trail",
    "report",
)

HELP = """Qayd: the governance ledger for machine learning.

Records every data set, model and deployment event in an append-only ledger, and lets a model go forward only
when written policy and named people say so.

Exit codes: 0 allow or done, 1 deny, 2 wrong input, 3 pending (needs people), 4 insufficient evidence,
5 integrity failure, 6 fault.
"""


def build() -> typer.Typer:
    """The whole command line. Modules of nouns import what is heavy only when a command runs."""
    app = typer.Typer(
        name="qayd",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    importlib.import_module("adapters.doors.nouns.start").register(app)
    for noun in NOUNS:
        module = importlib.import_module(f"adapters.doors.nouns.{noun}")
        sub = typer.Typer(name=noun, help=module.HELP, no_args_is_help=True)
        module.register(sub)
        app.add_typer(sub)
    return app


def execute(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Wrong usage is 2, as everywhere, but 125 of `training run`."""
    quiet_tools()
    output.encode_anything()
    try:
        build()(args=arguments, prog_name="qayd")
    except SystemExit as end:
        return _code(end, arguments)
    return exits.ALLOW


def _code(end: SystemExit, arguments: list[str]) -> int:
    """A command's own exit code; or, where typer ended the process itself, that of what went wrong."""
    code = end.code if isinstance(end.code, int) else exits.FAULT
    cause = end.__context__
    if code == exits.ALLOW or isinstance(cause, typer.Exit):
        return code
    code = exits.FAULT if isinstance(cause, OSError) else exits.USAGE  # an OSError: who read the output went away
    code = exits.TRAINING_FAULT if arguments[:2] == ["training", "run"] else code
    if code != exits.FAULT and output.wants_json(arguments):
        output.complain_json("Usage", str(getattr(cause, "message", "wrong usage")), "see --help", code)
    return code
