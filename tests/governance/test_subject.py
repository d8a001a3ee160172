"""Labels of subjects: what is one, what is none, and the names derived from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InputError
from governance.event import ANY_SUBJECT
from governance.subject import (
    Subject,
    SubjectKind,
    deployment_digest,
    registration_claim,
    require,
    use_claim,
)
from ledger.patterns import TOKEN, matches
from tests.world import digest_for

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
TOKENS = st.from_regex(r"[a-z0-9-]{8,64}", fullmatch=True)
VERSIONS = st.integers(1, 999_999)
SUBJECTS = st.one_of(
    st.builds(Subject, st.sampled_from([SubjectKind.DATASET, SubjectKind.MODEL]), NAMES, VERSIONS),
    st.builds(Subject, st.sampled_from([SubjectKind.MODEL, SubjectKind.DEPLOYMENT]), NAMES),
    st.builds(Subject, st.sampled_from([SubjectKind.RUN, SubjectKind.REQUEST]), TOKENS),
)


@given(SUBJECTS)
def test_parse_reads_what_str_writes(subject: Subject) -> None:
    """Parse and format are twins, and every label is one that events may carry."""
    assert Subject.parse(str(subject)) == subject
    assert matches(ANY_SUBJECT, str(subject))


def test_a_person_is_a_subject_by_pseudonym() -> None:
    """People are subjects too, by their opaque id."""
    assert str(Subject.parse("person/p-0123abcd")) == "person/p-0123abcd"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model",
        "model/",
        "model/A@1",
        "model/x@0",
        "model/x@01",
        "model/x@1000000",
        "model/x@1@2",
        "model/x@1\n",
        "model/ x",
        "dataset/x",
        "deployment/x@1",
        "run/short",
        "person/ada",
        "source/x",
        "MODEL/x@1",
        "model/مرحبا@1",
        "x" * 300,
    ],
)
def test_what_str_would_not_write_is_refused(text: str) -> None:
    """Anything else is refused, and a strange text is not repeated in the message."""
    with pytest.raises(InputError) as caught:
        Subject.parse(text)
    assert caught.value.hint
    assert text.isascii() or text not in caught.value.message


def test_a_gate_asks_for_a_kind_and_for_a_version() -> None:
    """A model version is a model; a bare model name, or another kind, is not."""
    assert require("model/x@3", SubjectKind.MODEL).version == 3
    for wrong in ("model/x", "dataset/x@3", "deployment/x"):
        with pytest.raises(InputError, match="is not a model"):
            require(wrong, SubjectKind.MODEL)


def test_a_target_is_the_name_of_a_deployment() -> None:
    """The target `production` is served as `deployment/production`; a target that is no name is refused."""
    assert str(Subject.deployment("production")) == "deployment/production"
    with pytest.raises(InputError):
        Subject.deployment("the moon")


@given(SUBJECTS)
def test_claims_are_tokens_and_differ(subject: Subject) -> None:
    """The ledger takes the claims, and registering never collides with using."""
    label = str(subject)
    assert matches(TOKEN, registration_claim(label)) and matches(TOKEN, use_claim(label))
    assert registration_claim(label) != use_claim(label)


@given(st.tuples(*[st.sampled_from(["a", "b", "c"])] * 3), st.tuples(*[st.sampled_from(["a", "b", "c"])] * 3))
def test_a_deployment_is_its_model_target_and_configuration(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Two deployments are the same exactly if all three are."""
    first, second = (deployment_digest(digest_for(m), t, digest_for(c)) for m, t, c in (one, other))
    assert (first == second) == (one == other)
