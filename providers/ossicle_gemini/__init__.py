"""Gemini models that hear, speak and transcribe, over Google's REST interface."""
