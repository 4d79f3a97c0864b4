"""A provider for ossicle that speaks Morse code and hears it."""
