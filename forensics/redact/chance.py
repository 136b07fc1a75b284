"""Whether a text that stands where a name belongs was made by chance.

Each sign has a price in bits twice: as a part of a name, and as one of the signs of an alphabet that were
drawn. Where the first exceeds the second by enough, over any stretch of the text, chance explains it better.
"""

import re
from math import log2
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from forensics.redact.letters import is_known, spelled

_SHORTEST = 16
"""Signs of a stretch that can be judged."""
_LONGEST = 2_048
"""Signs of an ARN at most: what is longer is no name."""
_SMALL, _CAPITAL, _CAPITALS, _DIGITS, _MARK = "small", "Capital", "CAPITALS", "digits", "mark"
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|.", re.DOTALL)
_BEGINS = {
    _MARK: {_SMALL: 0.6, _CAPITAL: 1.5, _CAPITALS: 3.0, _DIGITS: 3.0, _MARK: 10.0},
    _SMALL: {_CAPITAL: 1.5, _CAPITALS: 5.0, _DIGITS: 4.3, _MARK: 1.0},
    _CAPITAL: {_CAPITAL: 1.0, _CAPITALS: 4.0, _DIGITS: 4.0, _MARK: 1.5},
    _CAPITALS: {_CAPITAL: 2.0, _DIGITS: 3.3, _MARK: 1.2},
    _DIGITS: {_SMALL: 5.3, _CAPITAL: 5.0, _CAPITALS: 6.0, _MARK: 0.7},
}
"""Price of a piece's first sign, by the piece before it and its own kind: names seldom change often."""
_MARKS = {"-": 0.6, "_": 2.0, ".": 2.0, "/": 3.0}
_OTHER_MARK = 5.0
_LAST_MARK = 6.0
_MIXED_MARK = 3.0
"""What a mark costs more that ends the text, and each where hyphens and underscores are mixed."""
_DIGIT = 3.6
_LETTER = 4.5
"""A digit, and a letter of an abbreviation."""
_ABBREVIATION = {1: 8.0, 2: 8.0, 3: 8.0, 4: 9.0, 5: 11.0, 6: 13.0}
_ABBREVIATION_ALONE = 2.0
_ABBREVIATION_MIXED = 4.0
"""An abbreviation by its length; between marks, in letters of one case or of both."""

_BEGIN, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_HEX, _ALNUM = 4.0, log2(36)
_FORMS = tuple(
    (re.compile(pattern), each, more)
    for pattern, each, more in (
        (rf"{_BEGIN}[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{_END}", _HEX, 0.0),
        # The CDK: words, and the hash of a path; versions and deployments have a digest behind it.
        (rf"(?<=[A-Za-z0-9])[0-9A-F]{{8}}(?:{_END}|(?=[0-9a-f]{{32}}$))", _HEX, 4.0),
        (r"(?<=[0-9A-F]{8})[0-9a-f]{32}$", _HEX, 4.0),
        # Its rules between security groups: from what, a port, where.
        (rf"(?<=[A-Za-z0-9])[0-9A-F]{{8}}(?:[0-9]{{1,5}}|ALLTRAFFIC)[0-9A-F]{{8}}{_END}", _HEX, 6.0),
        # Its helpers: custom resources, the retention of logs, copied files, notifications of buckets.
        (
            "679f53fac002430cb0da5b7982bd2287|aae0aa3c5b4d4f87b02d85b201efdd8a"
            "|8693BB64968944B69AAFB0CC9EB8756C|050a0587b7544547bf325f094a3db834",
            0.4,
            0.0,
        ),
        # SAM: ServerlessRestApiDeployment47fc2d5f9d.
        (r"(?<=Version|loyment)[0-9a-f]{10}$", _HEX, 6.0),
        # CloudFormation's ends of names it makes up.
        (rf"(?<=[A-Za-z0-9]-)[0-9A-Z]{{12,13}}{_END}", _ALNUM, 12.0),
        (r"(?<=[A-Za-z0-9]-)[0-9A-Za-z]{12}$", log2(62), 18.0),
        # Environments of Elastic Beanstalk, products of Service Catalog, apps of Amplify.
        (rf"{_BEGIN}(?:e-[a-z0-9]{{10}}|pp-[a-z0-9]{{13}}|amplify-d[a-z0-9]{{13}}){_END}", _ALNUM, 0.0),
        # Between marks: a short digest, a code such as r53 or 3ds, a word that somebody invented.
        (rf"{_BEGIN}g?[0-9a-f]{{7,12}}{_END}", _HEX, 6.0),
        (rf"{_BEGIN}(?:[a-z]{{1,4}}|[A-Z]{{1,4}})[0-9]{{1,4}}{_END}", 4.2, 4.0),
        (rf"{_BEGIN}[0-9]{{1,4}}(?:[a-z]{{1,3}}|[A-Z]{{1,3}}){_END}", 4.2, 4.0),
        (rf"{_BEGIN}[a-z]{{5,14}}{_END}", log2(26), 10.0),
    )
)
"""Parts of names that only look like chance: their form, the price of each sign, and of the form itself."""
_ALPHABETS = (
    (frozenset(ascii_letters + digits), 6.0, 10.0),
    (frozenset(ascii_lowercase + digits), _ALNUM, 12.0),
    (frozenset(ascii_uppercase + digits), _ALNUM, 12.0),
    (frozenset("0123456789abcdef"), _HEX, 12.0),
    (frozenset("0123456789ABCDEF"), _HEX, 12.0),
    # Words of a language that nobody taught us cost much as well.
    (frozenset(ascii_lowercase), log2(26), 18.0),
)
"""Signs that are drawn, the price of each, and by how much a name's must exceed it."""
_LETTERS_AND_DIGITS = _ALPHABETS[0][0]
_DRAWN_MARK = 6.0
"""Price of a mark in what was drawn: breaking up a random text does not make it a name."""


def is_random(text: str) -> bool:
    """Tell whether chance explains a stretch of a text better than language does.

    Args:
        text: What stands where a name belongs. Under 16 signs nothing can be told: the answer is False.
    """
    if len(text) < _SHORTEST:
        return False
    if len(text) > _LONGEST:
        return True
    prices = _prices(text)
    return any(_exceed(text, prices, *alphabet) for alphabet in _ALPHABETS)


def _exceed(text: str, prices: list[float], signs: frozenset[str], price: float, limit: float) -> bool:
    """Tell whether the name's prices of any stretch exceed those of signs that were drawn by the limit.

    Args:
        text: The whole text; a letter or digit that is none of the signs ends a stretch.
        prices: What each sign of it costs as a part of a name.
        signs: The alphabet.
        price: What each of its signs costs.
        limit: Bits.
    """
    totals, lowest = [0.0], 0.0
    for place, sign in enumerate(text):
        if sign in signs:
            totals.append(totals[-1] + prices[place] - price)
        elif sign in _LETTERS_AND_DIGITS:
            totals, lowest = [0.0], 0.0
        else:
            totals.append(totals[-1] + prices[place] - _DRAWN_MARK)
        if len(totals) > _SHORTEST:
            lowest = min(lowest, totals[-1 - _SHORTEST])
            if totals[-1] - lowest >= limit:
                return True
    return False


def _prices(text: str) -> list[float]:
    """Return what each sign of a text costs, in bits, if it is a name."""
    prices: list[float] = []
    pieces = _PIECES.findall(text)
    kinds = [*map(_kind, pieces), _MARK]
    is_mixed = "-" in text and "_" in text
    before = _MARK
    for place, (piece, kind) in enumerate(zip(pieces, kinds, strict=False)):
        if kind == _MARK:
            price = _MARKS.get(piece, _OTHER_MARK)
            costs = [price + is_mixed * _MIXED_MARK + (place + 1 == len(pieces)) * _LAST_MARK]
        elif kind == _DIGITS:
            costs = [_DIGIT] * len(piece)
        else:
            costs = _letters(piece, is_alone=before == kinds[place + 1] == _MARK)
        costs[0] += _BEGINS[before][kind]
        prices += costs
        before = kind
    for form, each, more in _FORMS:
        for found in form.finditer(text):
            begin, end = found.span()
            price = each * (end - begin) + more
            if price < sum(prices[begin:end]):
                prices[begin:end] = [price / (end - begin)] * (end - begin)
    return prices


def _kind(piece: str) -> str:
    last = piece[-1]
    if last in digits:
        return _DIGITS
    if last in ascii_uppercase:
        return _CAPITALS
    if last not in ascii_lowercase:
        return _MARK
    return _SMALL if piece[0] in ascii_lowercase else _CAPITAL


def _letters(piece: str, *, is_alone: bool) -> list[float]:
    """Return what each letter of a piece costs, as a word or as an abbreviation, whichever is cheaper."""
    length = len(piece)
    word = piece.lower()
    as_word = spelled(word)
    if length not in _ABBREVIATION:
        return list(as_word)
    form = _ABBREVIATION[length]
    if is_alone:
        form = _ABBREVIATION_ALONE if piece.islower() or piece.isupper() else _ABBREVIATION_MIXED
    price = _LETTER * length + form
    # Letters of a short word follow no rule.
    is_cheaper = price < sum(as_word) or (length < 4 and not is_known(word))
    return [price / length] * length if is_cheaper else list(as_word)
