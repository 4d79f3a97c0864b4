"""The Moonshine tiny-en model that ships inside the `moonshine-voice` wheel, run on onnxruntime.

Only the weights are used. The package itself is never imported: it loads a native library and its
own runtime, which is slower and less exact than running the model here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ossicle.errors import DependencyMissingError
from ossicle_local.beam import beam_search
from ossicle_local.inference import open_session
from ossicle_local.packages import package_folder
from ossicle_local.samples import HEARING_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle_local.beam import Advance
    from ossicle_local.samples import Mono

_PACKAGE = "moonshine_voice"
_ENCODER, _DECODER, _VOCABULARY = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"
_BEGIN, _END = 1, 2
_TOKENS_PER_S = 6.5
"""Beyond this the model only repeats itself. Source: Moonshine's own inference code, 2024."""

_BEAM = 3
"""Candidates of the search. Over greedy search 3 spare a fifth of the word errors in noise and in
synthetic voices and take 1.8 times as long; 5 are no better (180 clips, measured 2026-11)."""

_LEAD_FRAMES = HEARING_RATE // 5
"""Silence around the speech: bare clips have more than twice the word errors (measured 2026-11)."""


def moonshine_folder() -> Path:
    """Where the model's files are.

    Raises:
        DependencyMissingError: The wheel is not installed, or it is a later one without the model.
    """
    folder = package_folder(_PACKAGE, extra="local") / "assets" / "tiny-en"
    lacking = [name for name in (_ENCODER, _DECODER, _VOCABULARY) if not (folder / name).is_file()]
    if lacking:
        raise DependencyMissingError(
            f"the installed moonshine-voice does not hold the model ({lacking[0]} is missing)",
            package=_PACKAGE,
            extra="local",
            fix='Install the version that does: pip install "moonshine-voice==0.1.0"',
        )
    return folder


class MoonshineModel:
    """Speech to text for one stretch of speech; may be used by several threads at once.

    Args:
        folder: Where the model's files are.
    """

    def __init__(self, folder: Path) -> None:
        self._encoder = open_session(folder / _ENCODER)
        self._decoder = open_session(folder / _DECODER)
        self._vocabulary = read_vocabulary((folder / _VOCABULARY).read_bytes())
        encoder_inputs = {item.name for item in self._encoder.get_inputs()}
        decoder_inputs = self._decoder.get_inputs()
        self._outputs = [item.name for item in self._decoder.get_outputs()]
        self._masks_encoder = "attention_mask" in encoder_inputs
        self._masks_decoder = "encoder_attention_mask" in {item.name for item in decoder_inputs}
        self._cache_shapes = {
            item.name: (1, item.shape[1], 0, item.shape[3])
            for item in decoder_inputs
            if item.name.startswith("past_key_values")
        }

    def transcribe(self, samples: Mono) -> str:
        """What is said in mono samples at 16 kHz, peak-normalised and at most about 18 s long."""
        silence = np.zeros(_LEAD_FRAMES, np.float32)
        audio = np.concatenate([silence, samples, silence])[None]
        mask = np.ones(audio.shape, np.int64)
        masked = {"attention_mask": mask} if self._masks_encoder else {}
        (states,) = self._encoder.run(None, {"input_values": audio, **masked})
        fixed: dict[str, NDArray[Any]] = {"encoder_hidden_states": states}
        if self._masks_decoder:
            fixed["encoder_attention_mask"] = mask
        tokens = beam_search(
            self._steps(fixed),
            begin=_BEGIN,
            end=_END,
            width=_BEAM,
            limit=math.ceil(audio.shape[1] / HEARING_RATE * _TOKENS_PER_S) + 2,
        )
        text = b"".join(self._vocabulary[token] for token in tokens)
        return text.decode("utf-8", "ignore").replace("\u2581", " ").strip()

    def _steps(self, fixed: dict[str, NDArray[Any]]) -> Advance:
        """One decoder step after the other for a number of candidates that may change."""
        cache: dict[str, NDArray[Any]] = {
            name: np.zeros(shape, np.float32) for name, shape in self._cache_shapes.items()
        }
        is_first = True

        def advance(parents: Sequence[int], tokens: Sequence[int]) -> NDArray[np.float32]:
            nonlocal is_first
            rows = len(tokens)
            # All candidates share what was heard; only what they have said so far differs.
            chosen = {
                name: np.repeat(held[:1], rows, axis=0) if ".encoder." in name else held[parents]
                for name, held in cache.items()
            }
            inputs = {
                "input_ids": np.array(tokens, np.int64)[:, None],
                "use_cache_branch": np.array([not is_first]),
                **{name: np.repeat(value, rows, axis=0) for name, value in fixed.items()},
                **chosen,
            }
            outputs = dict(zip(self._outputs, self._decoder.run(None, inputs), strict=True))
            for name in cache:
                # The encoder's half of the cache is only filled by the first step.
                if is_first or ".decoder." in name:
                    cache[name] = outputs[name.replace("past_key_values", "present")]
            is_first = False
            return np.asarray(outputs["logits"][:, -1], np.float32)

        return advance


def read_vocabulary(data: bytes) -> list[bytes]:
    """Tokens from the tokenizer's file: each its length, then its bytes.

    A length above 127 takes two bytes, the low seven bits first.
    """
    tokens: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length > 127:
            length = (length & 127) | data[at] << 7
            at += 1
        tokens.append(data[at : at + length])
        at += length
    return tokens
