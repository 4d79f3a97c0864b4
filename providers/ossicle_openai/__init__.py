"""OpenAI's chat audio, speech and transcription, and the servers that speak its protocol."""
