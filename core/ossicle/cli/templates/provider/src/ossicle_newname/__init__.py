"""The newname provider."""
