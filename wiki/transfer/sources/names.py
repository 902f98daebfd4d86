"""Decoding of file names whose encoding is not stated.

Programs on older systems wrote names into archives in the code page of the machine. Every common
code page is tried on all names of an archive together; the one in which they look most like words
of a language is chosen. General detectors need longer texts than the names of a few files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import log2

# Letters beyond ASCII by language, frequent ones first.
_GERMAN = "üäßö"
_WEST = {
    "German": _GERMAN,
    "French": "éèàêçôîûâùïëœæÿ",
    "Spanish": "óíáéñúüç",
    "Portuguese": "ãçáéíóõêâúàô",
    "Italian": "àòèùìé",
    "Nordic": "öäåøæéü",
    "Icelandic": "ðíáóéþöúýæ",
}
_CENTRAL = {
    "German": _GERMAN,
    "Polish": "ąęółżśćńź",
    "Czech": "íáéěřýčžšůúťďňóľôäĺŕ",
    "Hungarian": "éáóöíőüúű",
    "Romanian": "ăîâșțşţ",
    "Croatian": "čšžćđ",
}
_TURKISH = {"German": _GERMAN, "Turkish": "ıüşğçöİâ"}
_BALTIC = {"German": _GERMAN, "Baltic": "šėžįčųūąęāīēļņķģõäöü"}
_CYRILLIC = {
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оанивітреслкудмпязьбгчйхїжцюєшфщґўыэё",
    "Bulgarian": "аоиетнрсвлкдпмзъугбчщяцйхжфшюь",
    "Serbian": "аоиенртсјкувдмлпзбгчшцљњћжхђфџ",
}
_GREEK = {"Greek": "αοιτενσηρπςκυμλόίθάγδέήωφύχβξώζψϊϋΐΰ"}
_HEBREW = {"Hebrew": "יולהאמתבשרנדפקעטחכגצסזםןךףץ"}
_ARABIC = {"Arabic": "اليمنرتوبعدسفهحكقجشطصخضذزثغظةأىإئءؤآپچژگ"}
_THAI = {"Thai": "านรกเงมยลวดทตสะอปบคห่้ีิัแไจพชขใโผศณธฟซถภษุึู็์ำืญฐฎฑฒฌฏฬฮฉฝๆ"}
_SINGLE = {
    "cp437": _WEST,
    "cp1252": _WEST,
    "cp850": _WEST,
    "cp852": _CENTRAL,
    "cp866": _CYRILLIC,
    "cp1250": _CENTRAL,
    "cp1251": _CYRILLIC,
    "cp737": _GREEK,
    "cp1253": _GREEK,
    "cp857": _TURKISH,
    "cp1254": _TURKISH,
    "koi8_u": _CYRILLIC,
    "cp862": _HEBREW,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "cp874": _THAI,
    "cp775": _BALTIC,
    "cp1257": _BALTIC,
}


@dataclass(frozen=True)
class _Wide:
    """An encoding with two bytes for a character: the first bytes of characters in general use, and
    the characters that are frequent in file names."""

    general: range
    frequent: str


_JAPANESE = (
    "日本語会議事録仕様書設計資料報告手順一覧表示画像新使方目次予定問合定人成管理用開発作業年月度版"
    "名前案内申請規程研修社員部門営業技術試験検証結果概要基図面写真動保存見積請求契約説明文章全体実"
)
_WIDE = {
    "cp932": _Wide(range(0x88, 0x98), _JAPANESE),
    "gbk": _Wide(
        range(0xB0, 0xD8),
        "文件说明报告会议记录项目计划中笔首页图片用户手册需求档测试架构设新建夹工作总结数据库接口常见"
        "问题财务人事产品部署指南更日志资料管理系统开发技术方案流程规范配置安装使模板介绍学习年月第表"
        "单合同公司简历照视频音乐下载备份我的个国大小上一二三四五附录目标章节内容信息知识研究",
    ),
    "cp949": _Wide(
        range(0xB0, 0xC9),
        "가계고관구그글기나내논다대도동드디라레로록리마매명목무문미발방법변보부비사상서설성수스시식안양업에영요용"
        "원위의이인일자작장전정제조주준지질차책처체초추치카코크타터테템트파페편평표프하한합항해행화회획",
    ),
    "cp950": _Wide(
        range(0xA4, 0xC7),
        "文件說明報告會議記錄專案計畫中筆首頁圖片用戶手冊需求檔測試架構設新建增資料夾工作總結庫介面常"
        "見問題財務人事產品部署指南更日誌管理系統開發技術方流程規範配置安裝使模板紹學習年月第表單合同"
        "公司簡歷照視頻音樂下載備份我的個國大小上一二三四五附錄目標章節內容訊息知識研究",
    ),
    "euc_jp": _Wide(range(0xB0, 0xD0), _JAPANESE),
}
# In order of preference if names look equally plausible in several.
ENCODINGS = (
    *("cp437", "cp1252", "cp850", "cp866", "cp932", "gbk", "cp949", "cp950", "cp1251", "cp852"),
    *("cp1250", "cp737", "cp1253", "cp857", "cp1254", "koi8_u", "cp862", "cp1255", "cp1256"),
    *("cp874", "cp775", "cp1257", "euc_jp"),
)
_SAMPLE = 300
"""Maximum number of names, and of words in them, that are examined."""
_CLOSE = 3.0
"""Difference in bits up to which a second encoding is mentioned."""
_PREFERENCE = 0.2
_STRANGE = 14.0
_MIXED = 9.0
_OTHER_LANGUAGE = 3.0
_SIGN_AFTER = re.compile(r"(?<=[^\x00-\x7f])[\\\[\]^`{|}~@]")
"""Signs that are rare in names, but frequent as second bytes of characters."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_BETWEEN = re.compile(r"[\x00-@\[-`{-\x7f]+")
_LISTED = "".join(
    letter
    for letters in _SINGLE.values()
    for letter in "".join(letters.values())
    if letter.isalpha()
)
_UNUSUAL = re.compile(
    f"(?:[\\0-\\x7f¼½¾\u1800-\u1dff]|(?![{_LISTED}{_LISTED.upper()}\u0300-\u036f])[\u0100-\u052f])*"
)
"""Characters that names in another encoding have when they are valid UTF-8 by accident."""


@dataclass(frozen=True)
class Decoded:
    """Names as text. `encoding` is the one detected for names whose encoding is not stated, empty
    if they are ASCII or UTF-8. `other` is one in which they look about as plausible, or empty."""

    text: list[str]
    encoding: str
    other: str


def decoded_names(names: Sequence[str | bytes], added: Sequence[str]) -> Decoded:
    """Return the names as text.

    :param added: for each name its UTF-8 form if the archive has one, else an empty string.
    """
    pairs = list(zip(names, added, strict=True))
    odd = [(name, text) for name, text in pairs if isinstance(name, bytes) and not name.isascii()]
    known = [pair for pair in odd if pair[1]]
    encoding, other = _encodings_of([name for name, text in odd if not text], known)
    found = [
        text or (name if isinstance(name, str) else name.decode(encoding)) for name, text in pairs
    ]
    return Decoded(found, "" if encoding == "utf-8" else encoding, other)


def _encodings_of(names: Sequence[bytes], known: Sequence[tuple[bytes, str]]) -> tuple[str, str]:
    """Return the encoding in which all names look best, and another that is close or empty."""
    if not names:
        return "utf-8", ""
    whole, sample = b"\n".join(names), list(dict.fromkeys(names))[:_SAMPLE]
    found: dict[tuple[str, ...], tuple[float, str]] = {}
    with suppress(UnicodeDecodeError):
        text = whole.decode()
        if not _UNUSUAL.fullmatch(text):
            return "utf-8", ""
        cost = 2 * sum(map(_unlisted, _BEYOND_ASCII.findall(text)))
        found[tuple(name.decode() for name in sample)] = cost, "utf-8"
    possible = [one for one in ENCODINGS if _fits(one, known)] or ENCODINGS
    for preference, encoding in enumerate(possible):
        with suppress(UnicodeDecodeError):
            whole.decode(encoding)
            texts = tuple(name.decode(encoding) for name in sample)
            rated = _cost(texts, encoding) + _PREFERENCE * preference, encoding
            found[texts] = min(found.get(texts, rated), rated)
    if not found:
        return "cp437", ""  # cp437 has a character for every byte
    (least, best), *others = sorted(found.values())
    return best, others[0][1] if others and others[0][0] - least < _CLOSE else ""


def _fits(encoding: str, known: Sequence[tuple[bytes, str]]) -> bool:
    return all(raw.decode(encoding, "replace") == text for raw, text in known)


def _cost(names: Sequence[str], encoding: str) -> float:
    """Estimate the information in names in bits, in the language that fits best. A smaller number
    is more plausible. Single words may be of another language."""
    found = dict.fromkeys(word for name in names for word in _ASCII_BETWEEN.split(name))
    words = [word for word in found if not word.isascii()][:_SAMPLE]
    signs = 4.0 * sum(len(_SIGN_AFTER.findall(name)) for name in names)
    if encoding in _WIDE:
        return signs + sum(_wide_cost(word, encoding) for word in words)
    languages = [
        [_single_cost(word, letters) for word in words] for letters in _SINGLE[encoding].values()
    ]
    any_other = [min(costs) + _OTHER_LANGUAGE for costs in zip(*languages, strict=True)]
    return min((signs + sum(map(min, costs, any_other)) for costs in languages), default=signs)


def _single_cost(word: str, letters: str) -> float:
    """Return the bits of a word in a language with these letters beyond ASCII."""
    ranks, is_latin = _ranks(letters), letters[0] < "\u0250"
    cost, before = (3.0 if len(word) == 1 and not is_latin else 0.0), ""
    for character in word:
        is_odd = not character.isascii()
        if is_odd:
            rank = ranks.get(character, ranks.get(character.lower()))
            cost += _unlisted(character) if rank is None else 1 + log2(rank + 2)
            if is_latin:  # accents are rare, and rarely follow each other
                cost += 3 + 2 * (before > "\x7f")
        if not is_latin and before and is_odd == before.isascii():
            cost += _MIXED
        if character.isupper() and before and (is_odd or before > "\x7f"):
            cost += 5 if before.islower() else 1.5
        before = character
    return cost


def _wide_cost(word: str, encoding: str) -> float:
    """Return the bits of a word in an encoding with two bytes for a character."""
    wide, is_japanese = _WIDE[encoding], encoding in ("cp932", "euc_jp")
    cost, before = 0.0, ""
    for character in word:
        if before and character.isascii() != before.isascii():
            cost += _MIXED if min(before, character).islower() else 3  # as in “API文档”
        before = character
        if character.isascii():
            continue
        first, *rest = character.encode(encoding)
        is_general = first in wide.general and (encoding in ("cp932", "cp950") or rest[0] >= 0xA1)
        if character in wide.frequent:
            cost += 7.5
        elif "\u3041" <= character <= "\u30ff":  # kana
            cost += 6.5 if is_japanese else _STRANGE
        elif "\uac00" <= character <= "\ud7a3":  # Hangul
            cost += 10 if is_general else _STRANGE
        elif "\u4e00" <= character <= "\u9fff" and encoding != "cp949":
            cost += 11 if is_general else 15
        elif "\u3000" <= character <= "\u303f" or "\uff01" <= character <= "\uff9f":
            cost += 8
        else:
            cost += _STRANGE
    return cost


@cache
def _ranks(letters: str) -> dict[str, int]:
    return {letter: rank for rank, letter in enumerate(letters)}


def _unlisted(character: str) -> float:
    if character in "‘’“”„«»–—…°№©®·":
        return 7
    return 10 if character.isalpha() else _STRANGE
