"""Ways in which a file comes to harm."""

from collections.abc import Callable
from pathlib import Path
from random import Random

Damage = Callable[[Path, Random], None]


def flip_bit(path: Path, draw: Random) -> None:
    """Turn one bit, as a bad memory or an old disk does."""
    _at_random(path, draw, lambda byte: byte ^ 1 << draw.randrange(8))


def change_byte(path: Path, draw: Random) -> None:
    """Change one byte to any other."""
    _at_random(path, draw, lambda byte: (byte + draw.randrange(1, 256)) % 256)


def change_digit(path: Path, draw: Random) -> None:
    """Change one digit of a text, so that it stays well-formed; of other files, a byte."""
    content = bytearray(path.read_bytes())
    digits = [place for place, byte in enumerate(content) if 48 <= byte < 58]
    if not digits:
        change_byte(path, draw)
        return
    place = draw.choice(digits)
    content[place] = 48 + (content[place] - 48 + draw.randrange(1, 10)) % 10
    path.write_bytes(content)


def truncate(path: Path, draw: Random) -> None:
    """Leave a beginning only, as a copy does that was broken off."""
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(1, max(2, len(content)))])


def clear(path: Path, _: Random) -> None:
    """Leave nothing."""
    path.write_bytes(b"")


def zero_end(path: Path, draw: Random) -> None:
    """Keep the size but not the end, as a file system does after a loss of power."""
    content = path.read_bytes()
    kept = draw.randrange(len(content) or 1)
    path.write_bytes(content[:kept] + bytes(len(content) - kept))


def swap_rows(path: Path, draw: Random) -> None:
    """Swap two rows of a table or an array, or two blocks of any other file."""
    swap = {".parquet": _swap_parquet, ".npy": _swap_array}.get(path.suffix, _swap_blocks)
    swap(path, draw)


def become_folder(path: Path, _: Random) -> None:
    """Have a folder in its place."""
    path.unlink()
    path.mkdir()


def vanish(path: Path, _: Random) -> None:
    """Have nothing in its place."""
    path.unlink()


def forbid(path: Path, _: Random) -> None:
    """Let nobody read it."""
    path.chmod(0)


DAMAGES: dict[str, Damage] = {
    damage.__name__: damage
    for damage in (
        *(flip_bit, change_byte, change_digit, truncate, zero_end, clear),
        *(swap_rows, become_folder, vanish, forbid),
    )
}


def _at_random(path: Path, draw: Random, change: Callable[[int], int]) -> None:
    content = bytearray(path.read_bytes())
    place = draw.randrange(len(content))
    content[place] = change(content[place])
    path.write_bytes(content)


def _swap_parquet(path: Path, draw: Random) -> None:
    import polars as pl

    table = pl.read_parquet(path)
    order = _swapped(table.height, draw)
    table[order].write_parquet(path)


def _swap_array(path: Path, draw: Random) -> None:
    import numpy as np

    array = np.load(path)
    np.save(path, array[_swapped(len(array), draw)])


def _swapped(height: int, draw: Random) -> list[int]:
    one, other = draw.sample(range(height), 2) if height > 1 else (0, 0)
    order = list(range(height))
    order[one], order[other] = other, one
    return order


def _swap_blocks(path: Path, draw: Random) -> None:
    """Swap two lines of a text, or two blocks of 16 bytes."""
    content = path.read_bytes()
    is_text = path.suffix in {".csv", ".json", ".toml"} and content.count(b"\n") > 2
    if is_text:
        blocks = content.splitlines(keepends=True)
    else:
        blocks = [content[start : start + 16] for start in range(0, len(content), 16)]
    path.write_bytes(b"".join(blocks[place] for place in _swapped(len(blocks), draw)))
