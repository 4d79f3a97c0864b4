"""Arithmetic on samples: no I/O, no policy."""

from typing import TYPE_CHECKING

from ossicle.signal.resampling import Resampler, resample, resampled_frames

if TYPE_CHECKING:
    from ossicle.signal.activity import Activity, find_speech
    from ossicle.signal.blocks import Reblocker, Samples, finite
    from ossicle.signal.clipping import Clipping, ClippingMeter
    from ossicle.signal.decibels import amplitude_to_db, db_to_amplitude, power_to_db
    from ossicle.signal.envelope import Envelope
    from ossicle.signal.filters import HighPass
    from ossicle.signal.levels import ChannelLevel, LevelMeter, Levels
    from ossicle.signal.loudness import Loudness, LoudnessMeter
    from ossicle.signal.meters import Measurements, Meter, measure
    from ossicle.signal.mix import downmix
    from ossicle.signal.quantize import (
        alaw_decode,
        alaw_encode,
        float_to_s16,
        float_to_s24,
        float_to_s32,
        float_to_u8,
        int_to_float,
        mulaw_decode,
        mulaw_encode,
        pack_s24,
        unpack_s24,
    )
    from ossicle.signal.spectrum import Spectrogram, Spectrum, SpectrumMeter
    from ossicle.signal.true_peak import TruePeakMeter
    from ossicle.signal.utterances import Utterance, UtteranceDetector
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "activity": "Activity find_speech",
            "blocks": "Reblocker Samples finite",
            "clipping": "Clipping ClippingMeter",
            "decibels": "amplitude_to_db db_to_amplitude power_to_db",
            "envelope": "Envelope",
            "filters": "HighPass",
            "levels": "ChannelLevel LevelMeter Levels",
            "loudness": "Loudness LoudnessMeter",
            "meters": "Measurements Meter measure",
            "mix": "downmix",
            "quantize": (
                "alaw_decode alaw_encode float_to_s16 float_to_s24 float_to_s32 float_to_u8 "
                "int_to_float mulaw_decode mulaw_encode pack_s24 unpack_s24"
            ),
            "spectrum": "Spectrogram Spectrum SpectrumMeter",
            "true_peak": "TruePeakMeter",
            "utterances": "Utterance UtteranceDetector",
        },
    )

__all__ = [
    "Activity",
    "ChannelLevel",
    "Clipping",
    "ClippingMeter",
    "Envelope",
    "HighPass",
    "LevelMeter",
    "Levels",
    "Loudness",
    "LoudnessMeter",
    "Measurements",
    "Meter",
    "Reblocker",
    "Resampler",
    "Samples",
    "Spectrogram",
    "Spectrum",
    "SpectrumMeter",
    "TruePeakMeter",
    "Utterance",
    "UtteranceDetector",
    "alaw_decode",
    "alaw_encode",
    "amplitude_to_db",
    "db_to_amplitude",
    "downmix",
    "find_speech",
    "finite",
    "float_to_s16",
    "float_to_s24",
    "float_to_s32",
    "float_to_u8",
    "int_to_float",
    "measure",
    "mulaw_decode",
    "mulaw_encode",
    "pack_s24",
    "power_to_db",
    "resample",
    "resampled_frames",
    "unpack_s24",
]
