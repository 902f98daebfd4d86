"""Formats of keys and tokens: the fixed prefix of an issuer, and the pattern of the whole key.

A prefix is searched for first, which costs very little; only at its occurrences the pattern is
tried, within a bounded range. So no text, however hostile, makes the search slow, whatever the
patterns are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wiki.i18n import lazy_gettext as _

_BEFORE = r"(?<![A-Za-z0-9])"
_AFTER = r"(?![A-Za-z0-9])"


@dataclass(frozen=True)
class Mark:
    """The name of a kind of key, the marks by which it is found, and its pattern. The match begins
    at most ``before`` characters before a mark and ends at most ``reach`` after it. If the pattern
    has a group ``secret``, that group is the key.

    ``tries`` limits the number of occurrences of each mark that are examined, far above normal
    texts.
    """

    words: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    before: int = 0
    reach: int = 200
    tries: int = 5000


def _mark(words: str, marks: str, pattern: str, before: int = 0, reach: int = 200) -> Mark:
    whole = pattern if before else f"{_BEFORE}(?:{pattern}){_AFTER}"
    return Mark(words, tuple(marks.split()), re.compile(whole), before, reach)


TOKENS: tuple[Mark, ...] = (
    _mark(
        _("AWS access key"),
        "AKIA ASIA ABIA ACCA A3T",
        r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    ),
    _mark(
        _("AWS secret key"),
        "ccess_key ccessKey ccess-key CCESS_KEY",
        r"(?i:secret[_-]?access[_-]?key)[\"']?[ \t]{0,8}(?:=|:|=>)[ \t]{0,8}[\"']?"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        before=8,
    ),
    _mark(_("Azure storage key"), "AccountKey=", r"AccountKey=(?P<secret>[A-Za-z0-9+/=]{88})"),
    _mark(
        _("Azure client secret"), "7Q~ 8Q~", r"[A-Za-z0-9_.~-]{3}[78]Q~[A-Za-z0-9_.~-]{31,34}", 3
    ),
    _mark(_("Google API key"), "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _mark(_("Google client secret"), "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _mark(_("Google access token"), "ya29.", r"ya29\.[A-Za-z0-9_-]{30,400}", reach=420),
    _mark(
        _("GitHub token"), "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9_]{36,251}", reach=270
    ),
    _mark(_("GitHub token"), "github_pat_", r"github_pat_[A-Za-z0-9_]{60,100}"),
    _mark(
        _("GitLab token"),
        "glpat- gldt- glft- glsoat- glrt- glcbt- glimt- glptt- gloas- glagent- GR1348941",
        r"(?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|oas|agent)-|GR1348941)[A-Za-z0-9_-]{20,300}"
        r"(?:\.[a-z0-9]{2}\.[a-z0-9]{7,9})?",
        reach=320,
    ),
    _mark(
        _("Slack token"),
        "xoxb- xoxp- xoxa- xoxo- xoxs- xoxr- xoxe- xapp-",
        r"(?:xox[abeoprs]|xapp)-(?:[A-Za-z0-9.]{1,40}-){1,6}[A-Za-z0-9]{10,200}",
        reach=400,
    ),
    _mark(
        _("Slack webhook"),
        "hooks.slack.com/services/",
        r"hooks\.slack\.com/services/(?P<secret>T[A-Za-z0-9_]{6,20}/B[A-Za-z0-9_]{6,20}"
        r"/[A-Za-z0-9_]{16,40})",
    ),
    _mark(
        _("Stripe key"),
        "sk_live_ rk_live_ whsec_",
        r"(?:[rs]k_live_[A-Za-z0-9]{24,150}|whsec_[A-Za-z0-9+/]{32,80})",
    ),
    _mark(_("Square secret"), "sq0csp- sq0atp-", r"sq0(?:csp|atp)-[A-Za-z0-9_\\-]{22,60}"),
    _mark(_("Twilio key"), "SK", r"SK[0-9a-f]{32}"),
    _mark(
        _("SendGrid key"),
        "SG.",
        r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    ),
    _mark(
        _("Mailchimp key"),
        "-us",
        r"(?<![0-9A-Za-z])[0-9a-z]{32}-us[0-9]{1,2}(?![0-9A-Za-z])",
        before=32,
    ),
    _mark(
        _("Telegram bot token"),
        ":AA",
        r"(?<![0-9A-Za-z])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![0-9A-Za-z_-])",
        before=10,
    ),
    _mark(
        _("OpenAI key"), "T3BlbkFJ", r"sk-[A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}", 124
    ),
    _mark(_("Anthropic key"), "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{40,140}"),
    _mark(_("Hugging Face token"), "hf_", r"hf_[A-Za-z0-9]{34,40}"),
    _mark(_("npm token"), "npm_", r"npm_[A-Za-z0-9]{36}"),
    _mark(
        _("npm token"), ":_authToken=", r"(?<=/):_authToken= ?(?P<secret>[A-Fa-f0-9-]{36})(?!\w)", 1
    ),
    _mark(_("PyPI token"), "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,300}", reach=320),
    _mark(_("RubyGems key"), "rubygems_", r"rubygems_[a-f0-9]{48}"),
    _mark(_("NuGet key"), "oy2", r"oy2[a-z2-7]{43}"),
    _mark(_("Docker token"), "dckr_pat_ dckr_oat_", r"dckr_[po]at_[A-Za-z0-9_-]{27,40}"),
    _mark(_("DigitalOcean token"), "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _mark(_("Databricks token"), "dapi", r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    _mark(_("HashiCorp token"), "hvs. hvb. hvr.", r"hv[sbr]\.[A-Za-z0-9_-]{24,300}", reach=320),
    _mark(
        _("HashiCorp token"), ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80}", 14
    ),
    _mark(_("Shopify token"), "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _mark(_("Atlassian token"), "ATATT3 ATCTT3 ATBB", r"AT(?:ATT3|CTT3|BB)[A-Za-z0-9_=-]{28,250}"),
    _mark(_("Linear key"), "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _mark(_("Notion token"), "ntn_", r"ntn_[A-Za-z0-9]{40,50}"),
    _mark(_("Postman key"), "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _mark(_("New Relic key"), "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _mark(_("Grafana token"), "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{32,200}", reach=220),
    _mark(_("Sentry token"), "sntrys_ sntryu_", r"sntry[su]_[A-Za-z0-9+/=_]{40,300}", reach=320),
    _mark(_("Dropbox token"), "sl.", r"sl\.(?:u\.)?[A-Za-z0-9_-]{130,1400}", reach=1500),
    _mark(_("age secret key"), "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _mark(_("token of this wiki"), "wiki_", r"wiki_[A-Za-z0-9_-]{43}"),
    _mark(
        _("password reset or invitation link"),
        "/-/reset/ /-/invite/",
        r"/-/(?:reset|invite)/(?P<secret>[A-Za-z0-9_-]{40,60})(?![A-Za-z0-9_-])",
        before=1,
    ),
)

JWT = Mark(
    _("JSON web token"),
    ("eyJ",),
    re.compile(
        r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_=-]{8,2000}\.[A-Za-z0-9_=-]{8,3000}\.[A-Za-z0-9_=-]{16,1000}"
    ),
    reach=6000,
    tries=400,
)

PRIVATE_KEY = Mark(
    _("private key"),
    ("BEGIN ", "PuTTY-User-Key-File-"),
    # A header alone may be an example; a key has its data after it, perhaps as lines in a string.
    re.compile(
        r"(?:-{4,5} ?BEGIN (?P<what>(?:[A-Z0-9]{1,20} ){0,4}?PRIVATE KEY(?: BLOCK)?) ?-{4,5}"
        r"|PuTTY-User-Key-File-[0-9]: )"
        r"(?:\\[nr]|[ \t\r\n>|\"',+]|[A-Z][A-Za-z-]{1,30}: ?[^\n]{0,120}\n){0,60}?"
        r"[A-Za-z0-9+/=]{24,}"
    ),
    before=6,
    reach=2000,
    tries=1000,
)

PASSWORD = Mark(
    _("password in an address"),
    ("://",),
    re.compile(
        r"://(?P<user>[^\s:/?#@\[\]<>\"'`(){}|\\]{0,100}):(?P<secret>[^\s/@<>\"'`]{1,200})"
        r"@(?P<host>\[?[A-Za-z0-9][A-Za-z0-9.:-]{0,250})"
    ),
    reach=560,
    tries=1 << 30,  # no part of it can contain the mark again, so it is linear by itself
)

# Placeholders for passwords in instructions.
_PLACEHOLDERS = """
    password passwd passwort pass pwd pw secret token key apikey api_key api-key your-password
    yourpassword your_password mypassword my_password user username credentials changeme
    redacted hidden removed
"""
PLACEHOLDERS = frozenset(_PLACEHOLDERS.split())
