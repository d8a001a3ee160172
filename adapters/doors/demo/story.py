"""`qayd demo`: one promotion, end to end, on 1,000 real credit records. Every line is a public command."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.resources import files
from itertools import chain, count
from pathlib import Path

from adapters.doors.demo.identities import build_credit_csv, build_window_csv
from adapters.doors.demo.teller import Teller, Unexpected, inside
from adapters.doors.output import note
from governance.errors import InputError

SEED = 7
PEOPLE = ("officer-a", "officer-b", "khalid", "noura", "fatima", "mariam", "yusuf")


def _interpreter() -> str:
    """`python` where that is the one Qayd runs on, else its path: the script needs scikit-learn."""
    found = shutil.which("python")
    return "python" if found and Path(found).absolute() == Path(sys.executable).absolute() else sys.executable


TRAIN = (
    f"{_interpreter()} train.py --data {{data}} --out {{out}} --seed {{seed}}"
    " --score {score} --predictions {predictions} --label class --positive good"
)
TENANT = {"establishment": "onshore", "licences": ["cbuae"], "sectors": ["banking"]}
CONFIGURATION = {"provider": "azure", "realm": "public", "region": "uaenorth", "fallback": "human-queue", "replicas": 2}
HOME = "--home qayd"


def fresh() -> Path:
    """A directory here that does not exist yet: `qayd-demo`, else `qayd-demo-2`, and so on."""
    names = chain(("qayd-demo",), (f"qayd-demo-{number}" for number in count(2)))
    return next(path for path in map(Path, names) if not path.exists())


def tell(directory: Path, *, as_json: bool = False) -> int:
    """Tell the whole story in a fresh `directory`. Returns 0, or 1 when a line did not end as promised."""
    if directory.exists():
        raise InputError(f"{directory} exists already", "name another with --directory, or remove it first")
    prepare(directory)
    teller = Teller(directory)
    try:
        with inside(directory):
            for chapter in CHAPTERS:
                chapter(teller)
    except Unexpected as error:
        note(f"qayd: the demonstration stopped: {error}")
        return 1
    if as_json:
        json.dump({"lines": [{"line": line, "exit_code": code} for line, code in teller.lines]}, sys.stdout)
        print()
    return 0


def prepare(directory: Path) -> None:
    """Lay out the material: real credit records with invented people, two configurations, windows, the script."""
    here = files("adapters.doors.demo")
    (directory / "people").mkdir(parents=True)
    (directory / "windows").mkdir()
    for name in ("train.py", "tamper.py", "german.data", "ATTRIBUTION.md"):
        shutil.copyfile(str(here / name), directory / name)
    build_credit_csv(directory / "german.data", directory / "credit.csv", SEED)
    for number, shifted in enumerate((False, True, True), start=1):
        window = directory / "windows" / f"week-{number}.csv"
        build_window_csv(directory / "german.data", window, SEED + number, shifted=shifted)
    _write(directory / "tenant.json", TENANT)
    _write(directory / "config.json", CONFIGURATION)
    _write(directory / "config-approved.json", CONFIGURATION)
    _write(directory / "config-changed.json", {**CONFIGURATION, "replicas": 20})


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _as(person: str) -> str:
    return f"{HOME} --identity people/{person}"


def people_and_data(t: Teller) -> None:
    """Enrol people, register the data, find the identities in it, take them out."""
    t.chapter("People, a data set, and the identities in it")
    for person in PEOPLE:
        t.run(f"qayd-sign keygen people/{person}")
    t.run(f"qayd init {HOME} --officer people/officer-a.pub --officer people/officer-b.pub --tenant tenant.json")
    t.run(f"qayd ledger key {HOME} > log.vkey")
    enrolled = (
        ("Khalid", "khalid", ("data-engineer",)),
        ("Noura", "noura", ("data-scientist", "risk-officer")),
        ("Fatima", "fatima", ("business-owner",)),
        ("Mariam", "mariam", ("risk-officer",)),
        ("Yusuf", "yusuf", ("validator",)),
    )
    for name, key, roles in enrolled:
        options = " ".join(f"--role {role}" for role in roles)
        t.run(f"qayd person add {name} --key people/{key}.pub {options} {_as('officer-a')}")
    t.run(f"qayd person list {HOME}")
    t.run(
        "qayd dataset register credit --file credit.csv --label class --positive good --protected sex"
        " --protected age_group --purpose credit-scoring --legal-basis contract --location azure/public/uaenorth"
        " --retention-days 1825 --data-label banking --source 'UCI Statlog (German Credit Data)'"
        f" --licence 'CC BY 4.0' {_as('khalid')}"
    )
    t.run(f"qayd dataset scan credit@1 {_as('khalid')}")
    t.say("Names, Emirates IDs, mobile numbers and IBANs are in it: the gate must refuse.")
    t.run(f"qayd gate check train dataset/credit@1 {_as('khalid')}", expect=1)
    t.run(f"qayd dataset anonymise credit@1 --out credit-pseudonymised.csv {_as('khalid')}")
    t.run(f"qayd gate check train dataset/credit@2 {_as('khalid')}")


def training(t: Teller) -> None:
    """Register thresholds, then train two models."""
    t.chapter("Thresholds first, then two real models")
    t.run("git init --quiet")
    t.run("git add train.py")
    t.run("git -c user.name=demo -c user.email=demo@example.invalid commit --quiet --message 'the training script'")
    t.run(
        f"qayd threshold register credit --dataset credit@2 --min accuracy=0.72 --min balanced_accuracy=0.60"
        f" --folds 10 --seed {SEED} {_as('fatima')}"
    )
    base = f"qayd training run credit --dataset credit@2 --seed {SEED} {_as('noura')} -- {TRAIN}"
    t.run(
        f"{base} --model logistic --features status,duration_months,credit_history,purpose,amount,savings,"
        "employment_since,installment_rate,personal_status,guarantors,residence_since,property,age,"
        "other_installments,housing,existing_credits,job,dependants,telephone,foreign_worker"
    )
    t.run(f"qayd model register credit --tier high {_as('noura')}")
    t.run(
        f"{base} --model forest --features status,duration_months,credit_history,purpose,amount,savings,"
        "employment_since,installment_rate,guarantors,residence_since,property,"
        "other_installments,housing,existing_credits,job,dependants,telephone"
    )
    t.run(f"qayd model register credit --tier high {_as('noura')}")
    for version in (1, 2):
        t.run(f"qayd model confirm credit@{version} --tier high {_as('mariam')}")
        t.run(f"qayd gate check register model/credit@{version} {_as('noura')}")


PRODUCTION = "--target retail-credit --config config.json"


def evidence(t: Teller) -> None:
    """Ask too early, then measure."""
    t.chapter("Evidence: asked too early, then measured")
    t.run(f"qayd gate check production model/credit@1 {PRODUCTION} {_as('noura')}", expect=4)
    for version in (1, 2):
        t.run(f"qayd evidence measure all model/credit@{version} {_as('noura')}")
    t.run(f"qayd evidence list model/credit@2 {HOME}")


def denied(t: Teller) -> None:
    """Model one is unfair, and the gate says where and by how much."""
    t.chapter("Model one: denied, with reasons")
    t.run(f"qayd gate check production model/credit@1 {PRODUCTION} {_as('noura')}", expect=1)


def approved(t: Teller) -> None:
    """Model two: pending, refused self-approval, voided, approved, promoted, never twice."""
    t.chapter("Model two: people, and only people who did not make it")
    t.run(f"qayd gate check production model/credit@2 {PRODUCTION} {_as('noura')}", expect=3)
    t.run(f"qayd promotion request model/credit@2 {PRODUCTION} {_as('noura')}")
    t.say("The trainer holds the role of a risk officer, but lineage says she made it: refused.")
    t.run(f"qayd approval show model/credit@2 --role risk-officer --out signed-by-noura {_as('noura')}", expect=2)
    _sign_and_grant(t, "mariam", "risk-officer")
    t.say("Somebody changes the configuration after the first approval: the approvals no longer bind.")
    t.run("cp config-changed.json config.json")
    t.run(f"qayd promotion run model/credit@2 {_as('noura')}", expect=3)
    t.run("cp config-approved.json config.json")
    _sign_and_grant(t, "yusuf", "validator")
    t.run(f"qayd promotion run model/credit@2 {_as('noura')}")
    t.run(f"qayd deployment list {HOME}")
    t.say("The approvals were used; they do not work twice.")
    t.run(f"qayd promotion run model/credit@2 {_as('noura')}", expect=2)
    _replay(t)


def _sign_and_grant(t: Teller, person: str, role: str, subject: str = "model/credit@2", suffix: str = "") -> None:
    out = f"signed-by-{person}{suffix}"
    t.run(f"qayd approval show {subject} --role {role} --reason 'read the packet, agree' --out {out} {_as(person)}")
    t.run(f"qayd-sign sign --key people/{person} --namespace approval.v1@qayd {out}/statement.json")
    t.run(
        f"qayd approval grant {subject} --statement {out}/statement.json --signature {out}/statement.json.sig"
        f" --reason-file {out}/reason.json {_as(person)}"
    )


def _replay(t: Teller) -> None:
    from adapters.policy.local_opa import find_opa
    from adapters.settings import read_settings

    settings = read_settings()
    if settings.opa_url or find_opa(settings.opa_binary):
        t.say("The same decision, from its stored input and bundle, on the other engine:")
        t.run(f"qayd decision replay model/credit@2 --engine opa {HOME}")
        return
    t.say("There is no OPA program here (QAYD_OPA, QAYD_OPA_URL or PATH), so the other engine cannot be asked;")
    t.say("`make opa` builds one. Replayed on the engine that decided:")
    t.run(f"qayd decision replay model/credit@2 {HOME}")


def monitoring(t: Teller) -> None:
    """Shifted data, week by week: fallback, retraining asked for, resumed by a request that cites the cause."""
    t.chapter("In production: drift, fallback, resume")
    t.run(f"qayd ledger checkpoint {HOME} > kept-outside.checkpoint")
    t.run(f"qayd gate check in_production deployment/retail-credit {_as('noura')}")
    t.run(f"qayd monitor check retail-credit --window windows/week-1.csv {_as('noura')}")
    t.run(f"qayd monitor check retail-credit --window windows/week-2.csv {_as('noura')}")
    t.run(f"qayd monitor check retail-credit --window windows/week-3.csv {_as('noura')}", expect=1)
    t.run(f"qayd deployment list {HOME}")
    t.run(f"qayd deployment resume retail-credit --cause latest {_as('noura')}")
    _sign_and_grant(t, "mariam", "risk-officer", "deployment/retail-credit", "-resume")
    _sign_and_grant(t, "yusuf", "validator", "deployment/retail-credit", "-resume")
    t.run(f"qayd promotion run deployment/retail-credit {_as('noura')}")
    t.run(f"qayd deployment list {HOME}")


def proof(t: Teller) -> None:
    """The dossier, the trail, and three attacks that are caught."""
    t.chapter("Proof: dossier, trail, and three attacks")
    t.run(f"qayd report dossier model/credit@2 --out dossier.html {_as('noura')}")
    t.run(f"qayd trail export trail.zip {_as('noura')}")
    t.run("qayd trail verify trail.zip --key log.vkey --checkpoint kept-outside.checkpoint")
    t.run(f"qayd ledger verify --key log.vkey --checkpoint kept-outside.checkpoint {HOME}")
    t.say("One byte in a copy of the database:")
    t.run("cp -r qayd tampered")
    t.run("python tamper.py flip-database tampered/ledger.db 12")
    t.run("qayd ledger verify --home tampered --key log.vkey", expect=5)
    t.say("One byte in a copy of the trail:")
    t.run("cp trail.zip tampered.zip")
    t.run("python tamper.py flip-trail tampered.zip")
    t.run("qayd trail verify tampered.zip --key log.vkey", expect=5)
    t.say("The tail cut off, the head rewound, later checkpoints deleted; the checkpoint kept outside tells:")
    t.run("cp -r qayd rewound")
    t.run("python tamper.py cut rewound/ledger.db 20")
    t.run("qayd ledger verify --home rewound --key log.vkey --checkpoint kept-outside.checkpoint", expect=5)


def ending(t: Teller) -> None:
    """Where things are and what to run next."""
    t.chapter("Done")
    here = t.directory
    t.say(f"dossier   {here / 'dossier.html'}   open it in a browser")
    t.say(f"trail     {here / 'trail.zip'}")
    t.say(f"ledger    {here / 'qayd'}   key in log.vkey, an older checkpoint in kept-outside.checkpoint")
    t.say("next      cd there, and for instance:")
    t.say("          qayd decision show model/credit@1 --home qayd")
    t.say("          qayd ledger export tiles --home qayd")
    t.say("          the README walks through your own CSV and training script")


CHAPTERS = (people_and_data, training, evidence, denied, approved, monitoring, proof, ending)
