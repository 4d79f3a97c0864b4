"""The newname converter."""
