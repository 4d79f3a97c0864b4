"""The Deepgram provider: transcription and speech."""
