"""The newname preprocessor."""
