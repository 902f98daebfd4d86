"""The history of the demo, eight weeks at Saddlebag: accounts, pages, edits, moves and
deletions."""

from __future__ import annotations

from wiki.demo import pictures, talk
from wiki.demo.stage import Stage
from wiki.rules.roles import Role, SiteRole, Visibility

CAST = (
    ("ada", "Ada Okafor", SiteRole.ADMIN, "administers the site"),
    ("eve", "Eve Martin", SiteRole.MEMBER, "leads every space"),
    ("ben", "Ben Larsen", SiteRole.MEMBER, "edits nearly everywhere"),
    ("cai", "Cai Morgan", SiteRole.MEMBER, "reads the lab, edits elsewhere"),
    ("dot", "Dot Petrov", SiteRole.MEMBER, "is new and sees no private space"),
    ("gus", "Gus Lindqvist", SiteRole.GUEST, "is a guest from a town hall"),
)
TRIPS = (61, 88, 104, 131, 150, 149, 172, 160, 148, 121, 97, 62, 58, 90, 110, 126, 149, 171)
TRIPS_IN_SPRING = (*TRIPS, 196, 214, 239, 251)


def play(stage: Stage) -> None:
    """Perform all actions in chronological order."""
    _the_first_week(stage)
    _the_handbook_grows(stage)
    _engineering_moves_in(stage)
    _the_lab_and_the_towns(stage)
    _a_cold_night(stage)
    talk.about_the_locks(stage)
    _lately(stage)
    talk.about_being_on_call(stage)
    _this_week(stage)
    talk.since_yesterday(stage)


def _the_first_week(stage: Stage) -> None:
    with stage.on(56, "08:05"):
        for handle, name, role, _ in CAST[:4]:
            stage.joins(handle, name, role)
    with stage.on(56, "08:40"):
        stage.opens(
            "eve",
            "handbook",
            "Handbook",
            "How we work, for all of us and for anyone who asks.",
            Visibility.PUBLIC,
        )
        stage.attaches("eve", "handbook/cargo-bike.svg", pictures.CARGO_BIKE.encode())
    with stage.on(56, "09:10"):
        stage.writes("eve", "handbook/", "Begin")
    with stage.on(56, "09:55"):
        stage.writes("eve", "handbook/how-we-work", "Out of my head and onto a page")
    with stage.on(55, "10:20"):
        stage.writes("eve", "handbook/how-we-work/meetings")
    with stage.on(55, "14:02"):
        stage.writes("ben", "handbook/how-we-work/writing", "What I keep saying in reviews")
    with stage.on(54, "08:31"):
        stage.writes("cai", "handbook/people/time-off", "From the old intranet, shorter")
    with stage.on(54, "08:58"):
        stage.writes("cai", "handbook/people/expenses", "From the old intranet, shorter")
    with stage.on(53, "15:44"):
        stage.writes("ben", "handbook/glossary", "So that Software and Workshop mean the same")


def _the_handbook_grows(stage: Stage) -> None:
    with stage.on(50, "09:15"):
        stage.writes("eve", "handbook/how-we-work/decisions", "As talked about in the open hour")
    with stage.on(49, "11:10"):
        stage.writes("cai", "handbook/people/onboarding", "Four weeks instead of one afternoon")
    with stage.on(48, "10:00"):
        stage.writes("cai", "handbook/people/travel")
    with stage.on(47, "13:20"):
        stage.writes("ben", "handbook/support/tone", "With Support, after listening for a day")
    with stage.on(46, "09:42"):
        # Two concurrent edits on different lines: the page contains both.
        stage.changes(
            "eve",
            "handbook/how-we-work/meetings",
            ("Forty minutes is long.", "Forty minutes is long; ninety is a retreat."),
            message="Add the upper end",
        )
    with stage.on(46, "09:45"):
        stage.changes(
            "ben",
            "handbook/how-we-work/meetings",
            (
                "| Look back | all | last Friday of the month | 45 min |",
                "| Look back | all | last Friday of the month | 45 min |\n"
                "| Read and sign | whoever has something to sign | Wednesday | 15 min |",
            ),
            message="One more meeting we do keep",
            base=1,
        )
    with stage.on(45, "16:05"):
        stage.changes(
            "cai",
            "handbook/people/time-off",
            ("**28 days**", "**30 days**"),
            ("day four", "day four on"),
            message="Two days more, decided last week",
        )
    with stage.on(44, "10:12"):
        stage.writes("ben", "handbook/support/refunds")


def _engineering_moves_in(stage: Stage) -> None:
    with stage.on(42, "08:20"):
        stage.opens(
            "eve", "eng", "Engineering", "Workshop and Software.", Visibility.INTERNAL, Role.READER
        )
    with stage.on(42, "08:30"):
        stage.gathers("ada", "software", "Software", "Makes the app and the locks talk.", "ben")
        stage.gathers("ada", "workshop", "Workshop", "Builds and mends.", "cai")
        stage.gathers(
            "ada",
            "engineering",
            "Engineering",
            "Workshop and Software, under one roof.",
            "workshop",
            "software",
        )
    with stage.on(42, "08:35"):
        stage.trusts("eve", "eng", engineering=Role.EDITOR)
    with stage.on(42, "08:45"):
        stage.writes("eve", "eng/", "Begin")
    with stage.on(41, "09:30"):
        stage.attaches("ben", "eng/architecture/chain.svg", pictures.chain().encode())
        stage.writes("ben", "eng/architecture", "The picture from the whiteboard")
    with stage.on(41, "11:48"):
        stage.writes("ben", "eng/architecture/locks")
    with stage.on(40, "14:30"):
        stage.writes("cai", "eng/battery", "Sixty-one bikes later")
    with stage.on(39, "09:00"):
        stage.writes("eve", "eng/on-call", "Nobody should have to guess who is awake")
    with stage.on(39, "15:12"):
        stage.writes("ben", "eng/on-call/bike-offline", "Written after the third time")
    with stage.on(38, "10:26"):
        stage.writes("eve", "eng/releases")
    with stage.on(37, "11:03"):
        stage.writes("ben", "eng/code-review")
    with stage.on(36, "09:09"):
        stage.writes("eve", "eng/postmortems", "The shape we agreed on")
    with stage.on(35, "13:37"):
        stage.changes(
            "ben",
            "eng/releases",
            ("rolls through two machines | 2 min", "rolls through three machines | 3 min"),
            ("Undo first, find out why later.", "Undo first. Find out why after lunch."),
            message="A third machine since yesterday",
        )


def _the_lab_and_the_towns(stage: Stage) -> None:
    with stage.on(33, "08:15"):
        stage.joins("gus", "Gus Lindqvist", SiteRole.GUEST)
        stage.opens(
            "eve", "lab", "The lab", "Things that may never roll.", Visibility.PRIVATE, Role.READER
        )
        stage.invites("eve", "lab", ben=Role.EDITOR, cai=Role.READER)
        stage.opens(
            "eve",
            "towns",
            "Towns",
            "Shared with our partner towns.",
            Visibility.PRIVATE,
            Role.READER,
        )
        stage.invites("eve", "towns", ben=Role.EDITOR, cai=Role.EDITOR, gus=Role.EDITOR)
    with stage.on(33, "08:50"):
        stage.writes("eve", "lab/", "Begin")
    with stage.on(32, "16:40"):
        stage.writes("ben", "lab/trailer", "First ride down the corridor")
    with stage.on(31, "10:05"):
        stage.writes("eve", "towns/", "Begin")
    with stage.on(31, "10:22"):
        stage.writes("eve", "towns/aldbury")
    with stage.on(30, "09:18"):
        stage.writes("gus", "towns/aldbury/stands", "From the map of the streets department")
    with stage.on(30, "11:30"):
        stage.writes("cai", "towns/old-contract")
    with stage.on(29, "14:55"):
        stage.writes("ben", "lab/names", "Please, anything but a fish")
    with stage.on(28, "08:44"):
        stage.attaches("cai", "towns/port-merrow/trips.png", pictures.bars(TRIPS))
        stage.writes("cai", "towns/port-merrow", "What we could answer so far")
    with stage.on(27, "09:31"):
        stage.deletes("cai", "towns/old-contract")
    with stage.on(26, "13:14"):
        stage.changes(
            "gus",
            "towns/aldbury/stands",
            ("lamp is broken", "lamp is mended"),
            message="Done on Thursday",
        )


def _a_cold_night(stage: Stage) -> None:
    with stage.on(21, "11:20"):
        stage.writes("ben", "eng/postmortems/frozen-locks", "While I still remember")
    with stage.on(21, "14:48"):
        stage.changes(
            "cai",
            "eng/postmortems/frozen-locks",
            ("| 7:05 | somebody restarts the post, which was fine |\n", ""),
            ("- [x] Support has a text ready", "- [x] Support has a text ready, and used it"),
            message="From Support's side",
        )
    with stage.on(20, "08:33"):
        stage.brings_back(
            "eve",
            "eng/postmortems/frozen-locks",
            1,
            "The restart belongs in it: it cost us half an hour",
        )
    with stage.on(20, "09:05"):
        stage.changes(
            "ben",
            "eng/architecture/locks",
            ("| battery | 14 days | 40 days |", "| battery | 12 days | 40 days |"),
            message="Measured again after the cold week",
        )
    with stage.on(18, "10:50"):
        stage.moves(
            "cai",
            "eng/battery",
            "architecture/batteries",
            "Beside the locks, where people look for it",
        )
    with stage.on(17, "15:25"):
        stage.writes("ben", "lab/winter-tyres", "My knee is fine, thank you")


def _lately(stage: Stage) -> None:
    with stage.on(12, "09:02"):
        stage.joins("dot", "Dot Petrov")
        stage.gathers("ada", "support", "Support", "Answers riders.", "cai", "dot")
    with stage.on(11, "16:16"):
        stage.changes(
            "dot",
            "handbook/people/onboarding",
            (
                "## Week by week",
                "- [ ] You have been shown where the coffee is\n\n## Week by week",
            ),
            message="The question I did not dare to ask",
        )
    with stage.on(9, "10:41"):
        stage.changes(
            "ben",
            "lab/trailer",
            ("| fell over | yes | once |", "| fell over | yes | twice |"),
            ("- [ ] Does the insurance know?", "- [x] Does the insurance know? It does now."),
            message="Honesty",
        )
    with stage.on(7, "09:27"):
        stage.changes(
            "eve",
            "eng/on-call",
            ("Spend up to 500", "Spend up to 800"),
            ("you start at noon", "you start at noon, and nobody asks"),
            message="After the frozen morning",
        )


def _this_week(stage: Stage) -> None:
    with stage.on(5, "08:51"):
        stage.attaches("cai", "towns/port-merrow/trips.png", pictures.bars(TRIPS_IN_SPRING))
        stage.changes(
            "cai",
            "towns/port-merrow",
            ("the last in March", "the last in April"),
            ("Yes, a third less", "Yes, a quarter less"),
            message="Numbers of April",
        )
    with stage.on(3, "13:33"):
        stage.changes(
            "gus",
            "towns/aldbury",
            ("- [ ] Who clears snow", "- [x] Who clears snow"),
            ("from the stands?", "from the stands? The town does."),
            message="Agreed at the town hall",
        )
    with stage.on(2, "11:11"):
        stage.changes(
            "cai",
            "handbook/people/expenses",
            ("35 a day", "42 a day"),
            message="As decided on Monday",
        )
    with stage.on(1, "15:08"):
        stage.changes(
            "ben",
            "eng/on-call/bike-offline",
            ("3. **Colder than −5 °C?**", "3. **Colder than −3 °C at the river?**"),
            ("do nothing else.", "do nothing else before ten o'clock."),
            message="The river is always colder than the forecast",
        )
