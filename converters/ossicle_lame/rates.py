"""The sample rates of MP3."""

SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Rates of MPEG-1, MPEG-2 and MPEG-2.5 layer III, in Hz."""
