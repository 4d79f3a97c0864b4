"""The newname validator."""
