"""For applications with pydub code: a converter on `AudioSegment`, and ways in and out of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle_pydub.converter import PydubConverter
    from ossicle_pydub.segments import audiosegment_to_clip, clip_to_audiosegment
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "converter": "PydubConverter",
            "segments": "audiosegment_to_clip clip_to_audiosegment",
        },
    )

__all__ = ["PydubConverter", "audiosegment_to_clip", "clip_to_audiosegment"]
