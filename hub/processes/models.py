"""The embedding model and the terminologies of one installation, as its settings name them."""

from __future__ import annotations

from hub.processes.settings import Settings
from hub.summarizer.embedding import Embedder, SentenceTransformerEmbedder
from hub.summarizer.model import prepare
from hub.summarizer.terminology.shelf import Shelf

_FOLDER = "terminologies"


def embedder(settings: Settings) -> SentenceTransformerEmbedder:
    """With the model of a folder or hub name; the bundled one is made where it is not there yet.

    Raises ModelError where that cannot be. The model is loaded when something is embedded.
    """
    return SentenceTransformerEmbedder(prepare(settings.home) if settings.model == "bundled" else settings.model)


def shelf(settings: Settings, embedder: Embedder) -> Shelf:
    """The site's terminologies beside what is shipped."""
    return Shelf(settings.home / _FOLDER, embedder)
