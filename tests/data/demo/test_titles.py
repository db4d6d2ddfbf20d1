"""Titles are unique and can be read, however many are asked for."""

import re

from miqrec.data.demo.titles import GENRES, slug, title


def test_a_title_names_its_genre_by_its_noun():
    assert title("Sea", 0) == "The Silent Harbour"
    assert title("Sea", 1) == "The Crimson Lighthouse"
    assert title("Sea", 8) == "The Crimson Harbour"  # eight nouns, then they begin again


def test_sequels_follow_when_all_pairs_are_used():
    assert title("Sea", 32 * 8) == "The Silent Harbour 2"
    assert title("Sea", 2 * 32 * 8) == "The Silent Harbour 3"


def test_titles_and_their_slugs_are_unique_across_genres():
    titles = [title(genre, number) for genre in GENRES for number in range(300)]
    assert len(set(titles)) == len({slug(name) for name in titles}) == 300 * len(GENRES)


def test_a_slug_can_be_typed():
    assert slug("The Silent Harbour 2") == "the-silent-harbour-2"
    assert all(re.fullmatch(r"[a-z-]+", slug(title(g, n))) for g in GENRES for n in range(256))
