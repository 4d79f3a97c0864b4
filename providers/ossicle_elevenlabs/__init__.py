"""The ElevenLabs provider: speech and transcription."""
