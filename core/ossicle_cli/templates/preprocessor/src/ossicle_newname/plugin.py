"""How the preprocessor announces itself: light, for it is imported with all plugins."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import Preprocessor, PreprocessorSpec, hookimpl


def build() -> Preprocessor:
    """A preprocessor; numpy is imported now and not earlier."""
    from .preprocessor import NewnamePreprocessor

    return NewnamePreprocessor()


@hookimpl
def ossicle_register_preprocessors() -> Sequence[PreprocessorSpec]:
    """Announce the preprocessor; it runs where settings name it."""
    return [
        PreprocessorSpec(
            name="newname",
            summary="Fades the first and the last 10 ms, so that nothing clicks",
            factory=build,
        )
    ]
