"""MovieLens' descriptions of its movies."""

import pytest

from miqrec.data.reading.items import read_items
from miqrec.data.reading.movielens import GENRES
from miqrec.errors import MiqrecError


def u_item_line(number: int, title: str, *genres: str) -> str:
    flags = "|".join("1" if genre in genres else "0" for genre in GENRES)
    return f"{number}|{title}|01-Jan-1995||http://x|{flags}\n"


def test_u_item(tmp_path):
    lines = u_item_line(1, "Toy Story (1995)", "Animation", "Children's", "Comedy")
    lines += u_item_line(2, "Misérables, Les (1995)", "Drama") + u_item_line(3, "Nothing")
    (tmp_path / "u.item").write_text(lines, encoding="latin-1")
    assert read_items(tmp_path / "u.item").rows() == [
        (1, "Toy Story (1995)", ["Animation", "Children's", "Comedy"]),
        (2, "Misérables, Les (1995)", ["Drama"]),
        (3, "Nothing", []),
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_movies_dat(tmp_path, encoding):
    lines = "1::Amélie: a film (2001)::Comedy|Romance\n2::Unknown::(no genres listed)\n"
    (tmp_path / "movies.dat").write_text(lines, encoding=encoding)
    assert read_items(tmp_path / "movies.dat").rows() == [
        (1, "Amélie: a film (2001)", ["Comedy", "Romance"]),
        (2, "Unknown", []),
    ]


def test_a_line_with_a_field_too_few_is_an_error(tmp_path):
    (tmp_path / "movies.dat").write_text("1::Heat::Crime\n\n2::Ronin\n")
    with pytest.raises(MiqrecError, match=r"movies\.dat: line 3 cannot be parsed: it has 2 fields"):
        read_items(tmp_path / "movies.dat")


def test_the_real_u_item(shared_data):
    items = read_items(shared_data / "ml-100k" / "u.item")
    assert items.height == 1_682
    assert items.row(0) == (1, "Toy Story (1995)", ["Animation", "Children's", "Comedy"])
