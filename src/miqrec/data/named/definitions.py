"""The data sets that have names: the files that each is made from, and its published size.

We have fetched none of the URLs below. The checksums are those of copies that we have, except the one of
SASRec's `ml-1m.txt`, which others have published. We have never had the files without a checksum.
"""

from dataclasses import dataclass

from miqrec.data.filters import Filters
from miqrec.errors import MiqrecError

GROUPLENS = "https://files.grouplens.org/datasets/"
SASREC = (  # a commit, since the file's published checksum is of it
    "https://raw.githubusercontent.com/kang205/SASRec/e3738967fddab206d6eeb4fda433e7a7034dd8b1/data/"
)
S3REC = "https://raw.githubusercontent.com/RUCAIBox/CIKM2020-S3Rec/master/data/"
BERT4REC = "https://raw.githubusercontent.com/FeiSun/BERT4Rec/master/data/"
AMAZON = "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/"

ALL = Filters()
ONCE = Filters(min_user=5, min_item=5)
CORE = Filters(min_user=5, min_item=5, fixed_point=True, drop_duplicates=True)


@dataclass(frozen=True)
class File:
    """A file that a data set is made from.

    Attributes:
        name: The name that it has on disk.
        url: The address of the file, or of an archive with it; None where we know of none.
        sha256: The checksum of the file; None where we don't know it.
        member: The path of the file in a zip archive behind `url`; None where `url` is the file itself.
    """

    name: str
    url: str | None = None
    sha256: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class Source:
    """One way to make a data set: a log, a file that describes its items, and the filters."""

    interactions: File
    items: File | None = None
    filters: Filters = ALL


@dataclass(frozen=True)
class NamedDataset:
    """A named data set.

    Attributes:
        sources: The ways to make it, the preferred one first; none for the demo.
        page: The page that describes it.
        licence: The terms of its owners, in short.
        users, items, interactions: Its published size.
    """

    sources: tuple[Source, ...]
    page: str
    licence: str
    users: int
    items: int
    interactions: int


def definition(name: str) -> NamedDataset:
    """Return the definition of a data set.

    Raises:
        MiqrecError: If there is none of that name.
    """
    if name not in DATASETS:
        raise MiqrecError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    return DATASETS[name]


def _zipped(archive: str, member: str, sha256: str | None = None) -> File:
    return File(member.rpartition("/")[2], GROUPLENS + archive, sha256, member)


def _at(place: str, name: str, sha256: str | None = None) -> File:
    return File(name, place + name, sha256)


_ML_100K = (
    Source(
        _zipped(
            "movielens/ml-100k.zip",
            "ml-100k/u.data",
            "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
        ),
        _zipped(
            "movielens/ml-100k.zip",
            "ml-100k/u.item",
            "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
        ),
    ),
)

_ML_1M = (
    Source(
        File(
            "ml-1m.txt.gz",
            sha256="6a97b0f74c3de4630c72014a172c82f6490a020b3c97992f70a0adaebe756aaa",
        )
    ),
    Source(
        _at(SASREC, "ml-1m.txt", "b725f3acb3986fe3130bffd1e77a74d182a1f51799567a236dbd60270f95b0a2")
    ),
    Source(
        _zipped("movielens/ml-1m.zip", "ml-1m/ratings.dat"),
        _zipped("movielens/ml-1m.zip", "ml-1m/movies.dat"),
        ONCE,
    ),
)

_LASTFM = (
    Source(
        _at(
            S3REC, "LastFM.txt", "9ded486adb5b0fe9dc761950afa0a9a05e93ff018992e0c52bf11afec529f802"
        ),
        _at(
            S3REC,
            "LastFM_item2attributes.json",
            "a4ccd678dc9ff6d43fe5073f491db5c9b02eb98dfa4f8c0382913a784be217ef",
        ),
    ),
    # Of the tags that a user gave an artist S3-Rec keeps the first in file order, we the earliest.
    Source(
        _zipped("hetrec2011/hetrec2011-lastfm-2k.zip", "user_taggedartists-timestamps.dat"),
        _zipped("hetrec2011/hetrec2011-lastfm-2k.zip", "artists.dat"),
        CORE,
    ),
)

_BEAUTY = (
    Source(_at(SASREC, "Beauty.txt")),
    Source(_at(AMAZON, "ratings_Beauty.csv"), filters=ONCE),
    Source(_at(AMAZON, "reviews_Beauty.json.gz"), filters=ONCE),
)

_BEAUTY_5CORE = (
    Source(
        _at(
            S3REC, "Beauty.txt", "226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8"
        ),
        _at(
            S3REC,
            "Beauty_item2attributes.json",
            "129e40f67486f6877eff0f5318cfa8530ee8ac23d8b0d1de04e1bb7a2ba0b2d4",
        ),
    ),
    Source(_at(AMAZON, "reviews_Beauty_5.json.gz")),
)

# No checksum: public copies end in an empty line, which the one at hand does not.
_BEAUTY_BERT4REC = (Source(_at(BERT4REC, "beauty.txt")),)

MOVIELENS_LICENCE = "research use; no redistribution or commercial use without permission"
AMAZON_LICENCE = "none stated; cite McAuley et al., 2015"
AMAZON_PAGE = "https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html"

DATASETS = {
    "demo": NamedDataset((), "made by miqrec from a seed", "Apache-2.0", 1_500, 400, 59_971),
    "ml-100k": NamedDataset(
        _ML_100K,
        "https://grouplens.org/datasets/movielens/100k/",
        MOVIELENS_LICENCE,
        *(943, 1_682, 100_000),
    ),
    "ml-1m": NamedDataset(
        _ML_1M,
        "https://grouplens.org/datasets/movielens/1m/",
        MOVIELENS_LICENCE,
        *(6_040, 3_416, 999_611),
    ),
    "lastfm": NamedDataset(
        _LASTFM,
        "https://grouplens.org/datasets/hetrec-2011/",
        "non-commercial use",
        *(1_090, 3_646, 52_551),
    ),
    "beauty": NamedDataset(_BEAUTY, AMAZON_PAGE, AMAZON_LICENCE, *(52_024, 57_289, 394_908)),
    "beauty-5core": NamedDataset(
        _BEAUTY_5CORE, AMAZON_PAGE, AMAZON_LICENCE, *(22_363, 12_101, 198_502)
    ),
    "beauty-bert4rec": NamedDataset(
        _BEAUTY_BERT4REC,
        "https://github.com/FeiSun/BERT4Rec",
        AMAZON_LICENCE,
        *(40_226, 54_542, 353_962),
    ),
}
"""The data sets by name; `beauty` is the paper's, SASRec's cut of the ratings of 2014."""
