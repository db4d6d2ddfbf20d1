"""Titles for things that don't exist: "The Silent Harbour", a tale of the sea."""

ADJECTIVES = (
    "Silent,Crimson,Hollow,Golden,Broken,Distant,Wandering,Bitter,Hidden,Restless,Paper,Winter,"
    "Gentle,Burning,Forgotten,Velvet,Copper,Frozen,Secret,Pale,Borrowed,Midnight,Glass,Northern,"
    "Faithful,Stolen,Early,Last,Scarlet,Patient,Iron,Narrow"
)
"""What may stand before any noun, comma-separated."""

NOUNS = {
    "Adventure": "Compass,Summit,Caravan,Jungle,Expedition,Bridge,Canyon,Outpost",
    "Sea": "Harbour,Lighthouse,Tide,Anchor,Captain,Lagoon,Reef,Voyage",
    "Crime": "Alibi,Detective,Verdict,Ledger,Witness,Heist,Inspector,Motive",
    "Romance": "Letter,Promise,Waltz,Bouquet,Engagement,Kiss,Reunion,Serenade",
    "Science Fiction": "Orbit,Android,Colony,Signal,Starship,Clone,Reactor,Comet",
    "Fantasy": "Dragon,Throne,Amulet,Sorcerer,Griffin,Prophecy,Kingdom,Rune",
    "Horror": "Cellar,Mirror,Graveyard,Whisper,Asylum,Puppet,Seance,Crypt",
    "Comedy": "Landlord,Wedding,Parrot,Understudy,Banquet,Neighbour,Mishap,Butler",
    "History": "Empire,Siege,Dynasty,Treaty,Legion,Cathedral,Rebellion,Archive",
    "Music": "Sonata,Orchestra,Violin,Chorus,Ballad,Conductor,Rhapsody,Drummer",
    "Nature": "Meadow,Glacier,Heron,Orchard,Savannah,Forest,River,Monsoon",
    "Western": "Saloon,Sheriff,Prairie,Mustang,Stagecoach,Outlaw,Ranch,Bounty",
}
"""The nouns that tell each genre; none appears twice."""

GENRES = tuple(NOUNS)


def title(genre: str, number: int) -> str:
    """Make the title of the genre's work `number` (from 0): unique, a sequel once all are used up.

    Neighbours share neither adjective nor noun: both change with every number, and each round of
    nouns starts one adjective further.
    """
    adjectives, nouns = ADJECTIVES.split(","), NOUNS[genre].split(",")
    volume, place = divmod(number, len(adjectives) * len(nouns))
    row, column = divmod(place, len(nouns))
    name = f"The {adjectives[(row + column) % len(adjectives)]} {nouns[column]}"
    return f"{name} {volume + 1}" if volume else name


def slug(name: str) -> str:
    """Return the title as an id that is easy to type: `the-silent-harbour`."""
    return name.lower().replace(" ", "-")
