"""For applications with pydub code: a converter on `AudioSegment`, and ways in and out of it."""

from ossicle_pydub.converter import PydubConverter
from ossicle_pydub.segments import audiosegment_to_clip, clip_to_audiosegment

__all__ = ["PydubConverter", "audiosegment_to_clip", "clip_to_audiosegment"]
