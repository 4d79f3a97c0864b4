"""The code itself: text to marks and back.

Source: ITU-R M.1677-1 (10/2009), "International Morse code".
"""

from __future__ import annotations

import unicodedata

CODE = {
    "A": ".-", "B": "-...", "C": "-.-.", "D": "-..", "E": ".", "F": "..-.", "G": "--.",
    "H": "....", "I": "..", "J": ".---", "K": "-.-", "L": ".-..", "M": "--", "N": "-.",
    "O": "---", "P": ".--.", "Q": "--.-", "R": ".-.", "S": "...", "T": "-", "U": "..-",
    "V": "...-", "W": ".--", "X": "-..-", "Y": "-.--", "Z": "--..",
    "1": ".----", "2": "..---", "3": "...--", "4": "....-", "5": ".....",
    "6": "-....", "7": "--...", "8": "---..", "9": "----.", "0": "-----",
    ".": ".-.-.-", ",": "--..--", ":": "---...", "?": "..--..", "'": ".----.", "-": "-....-",
    "/": "-..-.", "(": "-.--.", ")": "-.--.-", '"': ".-..-.", "=": "-...-", "+": ".-.-.",
    "@": ".--.-.",
}  # fmt: skip

SIGNS = {marks: sign for sign, marks in CODE.items()}

UNKNOWN = "?"


def sendable(text: str) -> str:
    """The text as it can be sent: capitals without accents, single spaces, `?` for the rest."""
    words = []
    for word in text.replace("ß", "ss").split():
        plain = [
            letter
            for letter in unicodedata.normalize("NFKD", word).upper()
            if not unicodedata.combining(letter)
        ]
        words.append("".join(letter if letter in CODE else UNKNOWN for letter in plain))
    return " ".join(filter(None, words)) or UNKNOWN


def marks_to_text(marks: str) -> str:
    """What marks say: letters apart by one space, words by three.

    >>> marks_to_text("... --- ...   .--.")
    'SOS P'
    """
    words = [word.split() for word in marks.split("   ")]
    return " ".join(
        "".join(SIGNS.get(letter, UNKNOWN) for letter in word) for word in words if word
    )
