"""National identification numbers: their format, and the check of their digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module


@dataclass(frozen=True)
class NationalId:
    """The identification number of one country: its format, and a function that checks its check
    digits and dates."""

    code: str
    country: str
    words: str
    shape: str
    is_valid: Callable[[str], bool]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of the number, which is never a part of a longer number or word."""
        return re.compile(rf"(?<![\w./+=&-])(?:{self.shape})(?![\w/]|[.-]\w)", re.ASCII)


NATIONAL_IDS: tuple[NationalId, ...] = tuple(
    # Imported now, so that a save does not depend on what is installed while the wiki runs.
    NationalId(code, country, words, shape, import_module(f"stdnum.{module}").is_valid)
    for code, country, words, module, shape in (
        ("at", "Austria", "social security number", "at.vnr", r"\d{4} ?\d{6}"),
        (
            "be",
            "Belgium",
            "national number",
            "be.nn",
            r"\d{2}[.]?\d{2}[.]?\d{2}[- ]?\d{3}[. ]?\d{2}",
        ),
        ("br", "Brazil", "CPF number", "br.cpf", r"\d{3}[.]?\d{3}[.]?\d{3}-?\d{2}"),
        ("bg", "Bulgaria", "personal number", "bg.egn", r"\d{10}"),
        ("ca", "Canada", "social insurance number", "ca.sin", r"\d{3}[- ]\d{3}[- ]\d{3}"),
        ("ch", "Switzerland", "AHV number", "ch.ssn", r"756[.]?\d{4}[.]?\d{4}[.]?\d{2}"),
        ("cn", "China", "resident number", "cn.ric", r"\d{17}[0-9Xx]"),
        ("cz", "Czechia", "birth number", "cz.rc", r"\d{6}/?\d{3,4}"),
        ("de", "Germany", "tax number", "de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),
        ("dk", "Denmark", "CPR number", "dk.cpr", r"\d{6}-?\d{4}"),
        ("ee", "Estonia", "personal code", "ee.ik", r"\d{11}"),
        ("es", "Spain", "DNI", "es.dni", r"\d{2}[.]?\d{3}[.]?\d{3}[- ]?[A-Za-z]"),
        ("fi", "Finland", "personal code", "fi.hetu", r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Ya-y]"),
        ("fr", "France", "NIR", "fr.nir", r"[12] ?\d\d ?\d\d ?(?:2[AB]|\d\d) ?\d{3} ?\d{3} ?\d\d"),
        ("gb", "United Kingdom", "NHS number", "gb.nhs", r"\d{3}[- ]\d{3}[- ]\d{4}"),
        ("hr", "Croatia", "OIB", "hr.oib", r"\d{11}"),
        ("ie", "Ireland", "PPS number", "ie.pps", r"\d{7}[A-W][A-IW]?"),
        ("il", "Israel", "identity number", "il.idnr", r"\d{8}-?\d"),
        ("in", "India", "Aadhaar number", "in_.aadhaar", r"\d{4}[ -]\d{4}[ -]\d{4}"),
        (
            "it",
            "Italy",
            "codice fiscale",
            "it.codicefiscale",
            r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]",
        ),
        ("kr", "South Korea", "resident number", "kr.rrn", r"\d{6}-\d{7}"),
        ("lt", "Lithuania", "personal code", "lt.asmens", r"\d{11}"),
        ("mx", "Mexico", "CURP", "mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d"),
        ("nl", "Netherlands", "BSN", "nl.bsn", r"\d{4}[.]?\d{2}[.]?\d{3}"),
        ("no", "Norway", "birth number", "no.fodselsnummer", r"\d{6} ?\d{5}"),
        ("pl", "Poland", "PESEL", "pl.pesel", r"\d{11}"),
        ("pt", "Portugal", "citizen card number", "pt.cc", r"\d{8} ?\d ?[A-Z0-9]{2}\d"),
        ("ro", "Romania", "CNP", "ro.cnp", r"\d{13}"),
        ("se", "Sweden", "personnummer", "se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}"),
        ("tr", "Türkiye", "identity number", "tr.tckimlik", r"\d{11}"),
        ("us", "United States", "social security number", "us.ssn", r"\d{3}-\d{2}-\d{4}"),
        ("za", "South Africa", "identity number", "za.idnr", r"\d{13}"),
    )
)
