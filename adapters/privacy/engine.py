"""Presidio, closed: our recognisers, one installed model, no network, no logging of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from adapters.privacy.normalise import Normalised, normalise
from governance.errors import ToolFault

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

RECOGNISERS = "qayd-gcc-1"
"""Name and version of our set of recognisers; raised whenever what they find changes."""

THRESHOLD = 0.4
LONGEST = 2_000
"""Characters of one text that are analysed at a time."""
OVERLAP = 128
"""Characters that two pieces of a longer text share, so that no identifier is cut in two."""
BATCH = 128


@dataclass(frozen=True, slots=True)
class Hit:
    """A find: the kind of identifier, its span in the text as given, and the recogniser's score (0 to 1)."""

    entity: str
    start: int
    end: int
    score: float


class Engine:
    """An analyser with a name. `id` is made of Presidio's, the model's and the recognisers' versions."""

    def __init__(self, analyzer: AnalyzerEngine, identity: str) -> None:
        self._analyzer = analyzer
        self.id = identity

    def find(self, texts: Sequence[str], context: Sequence[str] = ()) -> list[list[Hit]]:
        """The identifiers in each text, best first where spans overlap; texts longer than LONGEST are cut in pieces.

        `context` are words that stand near every text, such as those of the column's name. Raises ToolFault.
        """
        pieces = [(number, start, piece) for number, text in enumerate(texts) for start, piece in _pieces(text)]
        found: list[list[Hit]] = [[] for _ in texts]
        try:
            for batch in range(0, len(pieces), BATCH):
                self._batch(pieces[batch : batch + BATCH], list(context), found)
        except Exception as error:  # Presidio and spaCy have no common base error
            raise ToolFault("the PII analyser failed on a text", hint="report this with the engine's id") from error
        return [resolve(hits) for hits in found]

    def _batch(self, pieces: Sequence[tuple[int, int, Normalised]], context: list[str], found: list[list[Hit]]) -> None:
        nlp = self._analyzer.nlp_engine
        with nlp.get_nlp("en").memory_zone():
            cased = nlp.process_batch([_recase(piece.text) for _, _, piece in pieces], "en", batch_size=BATCH)
            for (number, start, piece), (_, artifacts) in zip(pieces, cased, strict=True):
                results = self._analyzer.analyze(piece.text, "en", nlp_artifacts=artifacts, context=context)
                found[number].extend(_hit(result, piece, start) for result in results)


def _pieces(text: str) -> Iterator[tuple[int, Normalised]]:
    for start in range(0, max(1, len(text) - OVERLAP), LONGEST - OVERLAP):
        yield start, normalise(text[start : start + LONGEST])


_FEW_WORDS = re.compile(r"[^\W\d_]+(?:[ .,'-]{1,2}[^\W\d_]+){0,7}[ .]?")


def _recase(text: str) -> str:
    """A text in capitals, or of a few plain words in none, gets initials: so the model knows names. Lengths stay."""
    if text.isupper() or (text.islower() and _FEW_WORDS.fullmatch(text)):
        titled = text.title()
        return titled if len(titled) == len(text) else text
    return text


def _hit(result: RecognizerResult, piece: Normalised, offset: int) -> Hit:
    start, end = piece.span(result.start, result.end)
    return Hit(result.entity_type, offset + start, offset + end, result.score)


def resolve(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that do not overlap: the higher score wins, then the longer span, then the earlier one."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.start - hit.end, hit.start, hit.entity)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


@lru_cache(maxsize=1)
def open_engine() -> Engine:
    """The analyser, built once a process (seconds, for the model). Raises ToolFault when a part is missing."""
    try:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer

        from adapters.privacy.nlp_spacy import ClosedSpacyEngine, load_model
        from adapters.privacy.recognisers_presidio import recognisers
    except ImportError as error:
        raise ToolFault("Presidio or spaCy cannot be imported", hint="install Qayd's dependencies again") from error
    nlp, model = load_model()
    spacy_names = SpacyRecognizer(supported_entities=["PERSON"])
    registry = RecognizerRegistry(recognizers=[spacy_names, *recognisers()], supported_languages=["en"])
    analyzer = AnalyzerEngine(
        registry=registry,
        nlp_engine=ClosedSpacyEngine(nlp),
        supported_languages=["en"],
        default_score_threshold=THRESHOLD,
        context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
    )
    return Engine(analyzer, f"presidio-{version('presidio-analyzer')}+{model}+{RECOGNISERS}")
