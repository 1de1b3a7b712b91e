"""Phonetic keys of name words: what sounds alike in the region's Spanish is written alike.

The rules are our own, written for names as people of the region say and spell them: seseo (s = c = z), b = v,
yeísmo (ll = y) joined with j and soft g because Jenifer, Yenifer and Llenifer are one name, silent h,
aspirated final s, and the spellings that Haitian, English and Portuguese names bring (ph, th, ou, nh, w).
Keys are stored as keyed tokens, so every change here must raise `TOKEN_VERSION` in `tokens.py`; no library's
phonetic code is used because a new version of it would silently orphan the stored tokens.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Applied in this order. Before: casefolded, ç → s and gü before e, i → w, then without accents, only a to z.
# An upper-case letter is a sound already decided: C = ch, W = the u of hueso, J = y/ll/j/soft g.
_RULES: tuple[tuple[str, str], ...] = (
    # Spellings of other languages
    (r"gw", "W"),
    (r"x(?=i?o)", "s"),  # Xiomara, Xochitl
    (r"^x", "j"),  # Ximena, Xavier
    (r"x", "s"),
    (r"ph", "f"),
    (r"th", "t"),
    (r"nh|gn", "n"),  # Cunha, Ignacio
    (r"lh", "j"),  # Carvalho
    (r"sch|sh", "C"),
    (r"eaux?", "o"),  # Moreau
    (r"oo|ou", "u"),  # Louis, Moore
    (r"ee", "i"),
    (r"^w(?=r)", ""),
    (r"ck", "k"),
    # Hard and soft c, qu, g
    (r"ch(?=[^aeiouy]|$)", "k"),  # Christian, Zach
    (r"ch", "C"),
    (r"s?c(?=[eiy])", "s"),
    (r"c", "k"),
    (r"qu(?=[eiy])|q", "k"),
    (r"gu(?=[ei])", "G"),
    (r"[gh]+u(?=[aeio])", "W"),  # Guadalupe, Huerta, güera
    (r"ku(?=[ao])", "kW"),
    (r"g(?=[eiy])", "J"),
    (r"gh", "G"),
    # h is silent, also after j (Jhon); y and i between vowels are the same sound as ll and j
    (r"h", ""),
    (r"([ei])lle$", r"\1l"),  # Michelle, Camille; not Valle
    (r"ll$", "l"),  # Russell
    (r"ll|^y(?=[aeiou])|(?<=[aeiou])[iy](?=[aeiou])|j", "J"),
    (r"^i(?=[aeou])", "J"),  # Ian, Iolanda
    (r"y(?=[aeou])", "i"),
    (r"y", "i"),
    (r"(?<=[^aeiou])w", "u"),  # Lwi
    # Letters for one sound
    (r"[vb]+", "b"),
    (r"z", "s"),
    (r"m(?=[bfp])", "n"),  # Zambrano, Zanbrano
    (r"d[Jj]", "J"),
)
_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _RULES)
_DOUBLED = re.compile(r"(.)\1+")
_FINAL = re.compile(r"(?<=..)[sdt]+$")
_LETTERS = re.compile(r"[^a-z]")
_SPECIAL = str.maketrans({"ç": "s", "ß": "ss", "ø": "o", "œ": "e", "æ": "e", "ł": "l", "đ": "d", "ı": "i"})
_NEAR_VOWELS = str.maketrans("eiou", "iiuu")


def plain(text: str) -> str:
    """`text` casefolded and without accents or marks; ñ becomes n. The form in which names are compared."""
    if text.isascii():  # nothing to normalise: most cells of a long list
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in bare if not unicodedata.combining(c))


@lru_cache(maxsize=1 << 16)
def phonetic(word: str) -> str:
    """The phonetic key of one name word; empty when the word has no letter.

    Words that sound alike share a key; unstressed e/i and o/u are one vowel each, final s, d and t fall.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())
    folded = re.sub(r"gü(?=[ei])", "w", folded)
    sound = _LETTERS.sub("", plain(folded.translate(_SPECIAL)))
    for pattern, put in _COMPILED:
        sound = pattern.sub(put, sound)
    sound = sound.lower().translate(_NEAR_VOWELS)
    sound = _DOUBLED.sub(r"\1", sound)
    return _FINAL.sub("", sound)
