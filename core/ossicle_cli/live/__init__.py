"""Talking aloud in the terminal: a microphone, a loudspeaker, and taking turns with them."""
