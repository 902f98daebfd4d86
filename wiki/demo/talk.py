"""Discussions on pages of the demo."""

from __future__ import annotations

from wiki.demo.stage import Stage

LOCKS = "eng/postmortems/frozen-locks"
ON_CALL = "eng/on-call"


def about_the_locks(stage: Stage) -> None:
    """Ask and answer a question about the cold night, and resolve it."""
    with stage.on(16, "09:20"):
        question = stage.comments(
            "cai",
            LOCKS,
            "Do we know why only the locks **by the river** froze? The ones at the station were "
            "just as cold.",
        )
    with stage.on(16, "09:48"):
        stage.answers(
            "ben",
            question,
            "Fog. They were wet before they were cold:\n\n"
            "| place | humidity | frozen |\n| --- | --- | --- |\n"
            "| river | 97 % | 11 of 14 |\n| station | 71 % | 0 of 22 |",
        )
    with stage.on(16, "10:05"):
        thanks = stage.answers("cai", question, "So it is humidity, not temperature?", at=2)
    with stage.on(16, "10:31"):
        told = stage.answers("ben", question, "Both. I’ll add it to [[architecture/locks]].", at=3)
        stage.reacts(told, "agree", "cai", "eve")
        stage.reacts(thanks, "thanks", "ben")
    with stage.on(15, "08:15"):
        stage.resolves("cai", question, "Explained, and noted on the page about the locks")


def about_being_on_call(stage: Stage) -> None:
    """Ask about the new limit."""
    with stage.on(6, "09:02"):
        limit = stage.comments(
            "ben",
            ON_CALL,
            "> Spend up to 800\n\nDoes that include the taxi home? Last time I wasn’t sure and "
            "cycled, at four in the morning.",
        )
    with stage.on(6, "09:30"):
        answer = stage.answers("eve", limit, "It does. Please take the taxi.")
        stage.reacts(answer, "celebrate", "ben", "cai")
    with stage.on(6, "11:44"):
        stage.answers(
            "cai",
            limit,
            "Could the page say so? I had the same question:\n\n- [ ] taxi\n- [ ] breakfast",
        )
    with stage.on(6, "12:05"):
        stage.suggests(
            "cai",
            ON_CALL,
            "So that nobody cycles again.",
            "Spend up to 800",
            "Spend up to 800 (taxi included)",
        )
    with stage.on(6, "16:20"):
        again = stage.comments(
            "eve", LOCKS, "Who checks that the grease is in stock **before** October? @ben?"
        )
        stage.reacts(again, "looking", "ben")


def since_yesterday(stage: Stage) -> None:
    """Let people talk about pages that changed this week, a guest among them."""
    with stage.on(1, "15:20"):
        expense = stage.comments(
            "dot",
            "handbook/people/expenses",
            "Is it 42 a day from today, or for trips that begin after today?",
        )
    with stage.on(1, "15:31"):
        stage.answers("cai", expense, "For every day from Monday on, also within a trip.")
        stage.reacts(expense, "agree", "ben")
    with stage.on(1, "15:40"):
        last = stage.answers("dot", expense, "Thank you! My lunch was good.", at=2)
        stage.reacts(last, "smile", "cai", "eve")
    with stage.on(1, "16:02"):
        snow = stage.comments(
            "gus", "towns/aldbury", "The town clears snow **by nine**. Is that early enough?"
        )
    with stage.on(1, "16:27"):
        stage.answers("eve", snow, "Half past seven is better: most trips begin before eight.")
    with stage.on(1, "17:05"):
        done = stage.answers("gus", snow, "Half past seven it is, from December on.")
        stage.reacts(done, "done", "eve", "cai")
    with stage.on(1, "17:10"):
        phone = stage.comments(
            "cai", ON_CALL, "Could the landlord’s *phone number* be here? At night I had to look."
        )
        stage.reacts(phone, "looking", "eve")
