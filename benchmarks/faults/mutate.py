"""Seeded mutations of bytes, of text and of plain JSON values."""

import copy
import json
import re
import struct
import zlib
from random import Random
from typing import Any

NUMBERS = (0, 1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 2**31, 2**63, 2**70, -(2**63), 0.5, -0.0, 1e308, 1e-320, "", "x", "digits", "nan", "1e999",
    "\x1b[2J", "\u202e", "\ud800", "a/../b", "../x", "猫", "x" * 300, [], [1], [None], ["a", 1], [[]], {}, {"a": 1}, {"": None},
)  # fmt: skip
WORDS = (
    "[", "]", "=", ",", "{", "}", '"', "'", ":", "@", "#", "-", "..", "/", "\\", "\n", "\0", " ", "0", "-1", "1e999", "nan", "inf",
    "null", "true", "NaN", "[[[[", "\ud83d", "é", "９", "²", "%s", "{0}", "~", "*", "x=1", "\r", "\t", "﻿",
)  # fmt: skip


def of_bytes(rng: Random, whole: bytes, times: int = 0) -> bytes:
    """Return bytes with one to six random changes."""
    data = bytearray(whole)
    for _ in range(times or rng.choice((1, 1, 2, 3, 6))):
        _change(rng, data)
    return bytes(data)


def _change(rng: Random, data: bytearray) -> None:
    place = rng.randrange(len(data) + 1)
    kind = rng.randrange(8)
    if kind == 0 and place < len(data):
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1 and place < len(data):
        data[place] = rng.choice((0, 1, 127, 128, 254, 255, rng.randrange(256)))
    elif kind == 2:
        data[place:place] = rng.randbytes(rng.randrange(1, 9))
    elif kind == 3:
        del data[place : place + rng.randrange(1, 17)]
    elif kind == 4:
        start = rng.randrange(len(data) + 1)
        data[place:place] = data[start : start + rng.randrange(1, 33)]
    elif kind == 5:
        del data[place:]
    elif kind == 6:
        form = rng.choice((">H", "<H", ">I", "<I"))
        number = rng.choice(NUMBERS) % (2**16 if form[1] == "H" else 2**32)
        data[place : place + struct.calcsize(form)] = struct.pack(form, number)
    else:
        data[place:place] = bytes([rng.randrange(256)]) * rng.choice((1, 16, 300))


def of_text(rng: Random, text: str) -> str:
    """Return a text with one to four words put in, left out, doubled or exchanged."""
    tokens = re.findall(r"\w+|\s|[^\w\s]", text)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(tokens) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            tokens.insert(place, rng.choice(WORDS))
        elif kind == 1:
            del tokens[place : place + rng.randrange(1, 4)]
        elif kind == 2 and tokens:
            tokens.insert(place, rng.choice(tokens))
        elif kind == 3 and place < len(tokens):
            tokens[place] = rng.choice((*WORDS, str(rng.choice(NUMBERS)), tokens[place] * 2, tokens[place][:-1]))
        elif tokens:
            a, b = rng.randrange(len(tokens)), rng.randrange(len(tokens))
            tokens[a], tokens[b] = tokens[b], tokens[a]
    return "".join(tokens)


def of_json(rng: Random, value: Any) -> Any:
    """Return plain values with one to three of them replaced, removed, doubled or moved."""
    whole = [json.loads(json.dumps(value))]
    for _ in range(rng.choice((1, 1, 2, 3))):
        holder, key = _somewhere(rng, whole)
        kind = rng.randrange(6)
        if kind == 0 and holder is not whole:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[rng.choice(("", "x", "n", "value", f"{key}2"))] = _value(rng)
        elif kind == 2:
            other, place = _somewhere(rng, whole)
            holder[key] = json.loads(json.dumps(other[place]))
        elif kind == 3 and isinstance(holder[key], str):
            holder[key] = of_text(rng, holder[key])
        else:
            holder[key] = _value(rng)
    return whole[0]


def _value(rng: Random) -> Any:
    """Return one of VALUES, as a copy of its own."""
    return copy.deepcopy(rng.choice(VALUES))


def _somewhere(rng: Random, whole: list[Any]) -> tuple[Any, Any]:
    holder: Any = whole
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.8:
        holder = holder[key]
        key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    return holder, key


def png_repaired(data: bytes) -> bytes:
    """Return a PNG whose checksums fit its chunks again, as far as it can be read."""
    out, place = bytearray(data[:8]), 8
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        chunk = data[place + 4 : place + 8 + min(length, len(data))]
        out += data[place : place + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        place += 12 + length
    return bytes(out)


def tar_repaired(data: bytes) -> bytes:
    """Return a tar archive whose first four headers have fitting checksums again."""
    out = bytearray(data)
    for start in range(0, min(len(out) - 511, 4096), 512):
        block = out[start : start + 512]
        if block[257:262] == b"ustar":
            total = sum(block[:148]) + 8 * 32 + sum(block[156:])
            out[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(out)
