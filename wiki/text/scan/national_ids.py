"""National identification numbers: their format, and the check of their digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from wiki.i18n import lazy_gettext as _


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
        ("at", _("Austria"), _("social security number"), "at.vnr", r"\d{4} ?\d{6}"),
        (
            "be",
            _("Belgium"),
            _("national number"),
            "be.nn",
            r"\d{2}[.]?\d{2}[.]?\d{2}[- ]?\d{3}[. ]?\d{2}",
        ),
        ("br", _("Brazil"), _("CPF number"), "br.cpf", r"\d{3}[.]?\d{3}[.]?\d{3}-?\d{2}"),
        ("bg", _("Bulgaria"), _("personal number"), "bg.egn", r"\d{10}"),
        ("ca", _("Canada"), _("social insurance number"), "ca.sin", r"\d{3}[- ]\d{3}[- ]\d{3}"),
        ("ch", _("Switzerland"), _("AHV number"), "ch.ssn", r"756[.]?\d{4}[.]?\d{4}[.]?\d{2}"),
        ("cn", _("China"), _("resident number"), "cn.ric", r"\d{17}[0-9Xx]"),
        ("cz", _("Czechia"), _("birth number"), "cz.rc", r"\d{6}/?\d{3,4}"),
        ("de", _("Germany"), _("tax number"), "de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),
        ("dk", _("Denmark"), _("CPR number"), "dk.cpr", r"\d{6}-?\d{4}"),
        ("ee", _("Estonia"), _("personal code"), "ee.ik", r"\d{11}"),
        ("es", _("Spain"), _("DNI"), "es.dni", r"\d{2}[.]?\d{3}[.]?\d{3}[- ]?[A-Za-z]"),
        (
            "fi",
            _("Finland"),
            _("personal code"),
            "fi.hetu",
            r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Ya-y]",
        ),
        (
            "fr",
            _("France"),
            _("NIR"),
            "fr.nir",
            r"[12] ?\d\d ?\d\d ?(?:2[AB]|\d\d) ?\d{3} ?\d{3} ?\d\d",
        ),
        ("gb", _("United Kingdom"), _("NHS number"), "gb.nhs", r"\d{3}[- ]\d{3}[- ]\d{4}"),
        ("hr", _("Croatia"), _("OIB"), "hr.oib", r"\d{11}"),
        ("ie", _("Ireland"), _("PPS number"), "ie.pps", r"\d{7}[A-W][A-IW]?"),
        ("il", _("Israel"), _("identity number"), "il.idnr", r"\d{8}-?\d"),
        ("in", _("India"), _("Aadhaar number"), "in_.aadhaar", r"\d{4}[ -]\d{4}[ -]\d{4}"),
        (
            "it",
            _("Italy"),
            _("codice fiscale"),
            "it.codicefiscale",
            r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]",
        ),
        ("kr", _("South Korea"), _("resident number"), "kr.rrn", r"\d{6}-\d{7}"),
        ("lt", _("Lithuania"), _("personal code"), "lt.asmens", r"\d{11}"),
        ("mx", _("Mexico"), _("CURP"), "mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d"),
        ("nl", _("Netherlands"), _("BSN"), "nl.bsn", r"\d{4}[.]?\d{2}[.]?\d{3}"),
        ("no", _("Norway"), _("birth number"), "no.fodselsnummer", r"\d{6} ?\d{5}"),
        ("pl", _("Poland"), _("PESEL"), "pl.pesel", r"\d{11}"),
        ("pt", _("Portugal"), _("citizen card number"), "pt.cc", r"\d{8} ?\d ?[A-Z0-9]{2}\d"),
        ("ro", _("Romania"), _("CNP"), "ro.cnp", r"\d{13}"),
        ("se", _("Sweden"), _("personnummer"), "se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}"),
        ("tr", _("Türkiye"), _("identity number"), "tr.tckimlik", r"\d{11}"),
        ("us", _("United States"), _("social security number"), "us.ssn", r"\d{3}-\d{2}-\d{4}"),
        ("za", _("South Africa"), _("identity number"), "za.idnr", r"\d{13}"),
    )
)
