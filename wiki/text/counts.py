"""Numbers with nouns in sentences."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with the words for one thing or for several; by default with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
