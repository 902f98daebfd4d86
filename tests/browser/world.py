"""What lies in the wiki that the browser visits: every kind of content, full and empty places."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.attachments.samples import png
from tests.cast import Scene
from wiki.attachments.actions import remove_file
from wiki.db import now
from wiki.pages.actions import delete_page, move_page
from wiki.people.models import PasswordReset, Person
from wiki.people.sign_in import hash_token
from wiki.people.tokens import create_token
from wiki.rules.roles import Role
from wiki.spaces.models import Invitation

SAMPLE = Path(__file__).parents[2] / "templates/ui/styles.md"


def fill(scene: Scene) -> None:
    """Write the pages."""
    sample = SAMPLE.read_text()
    scene.write("", "Welcome. See [[handbook/everything]].", title="Engineering")
    scene.write("handbook/everything", "First words.", title="Everything on one page")
    scene.write(
        "handbook/everything", sample, by="ben", tags=("samples", "first week"), message="All"
    )
    scene.write("handbook/onboarding", "Ask Eve for *keys*.\n", title="Onboarding")
    for number in range(12):
        scene.write(f"teams/team-{number}/rota", "Who is on call.", title=f"Rota of team {number}")
    scene.write("Über uns/日本語", "まず読むもの。", title="日本語のページ " + "w" * 120)
    scene.write("deep", "Far down.", title="Deep page")
    scene.write("deep/" + "a-rather-long-name-of-a-folder/" * 6 + "page", "Here.", title="Far down")
    scene.write("old-name", "It was elsewhere.", title="Moved page")
    scene.write("gone", "It is gone.", title="Gone page")
    scene.write("busy", "One line.\n", title="Busy page")
    scene.write("public", "Everyone reads this.", space="open", title="A public page")
    scene.attach("handbook/everything/minutes of the meeting.txt", b"Present: all.")
    scene.attach("handbook/everything/" + "w" * 110 + ".png", png(40, 30))
    for shade in (90, 160):  # the second takes the place of the first
        scene.attach("handbook/everything/drawing.png", png(30, 40, shade))
    scene.write("shows-a-file", "![](handbook/everything/drawing.png)", title="Shows a file")
    removed = scene.attach("handbook/everything/removed.png", png(30, 40, 30))
    eve = scene.actor("eve")
    with scene.database.write() as session:
        move_page(session, eve, scene.page("old-name").id, "new-name")
        delete_page(session, eve, scene.page("gone").id)
        remove_file(session, eve, removed)
        session.add(
            Invitation(
                token_hash=hash_token("of-the-world"),
                email="a-long-name.of-somebody-new@subsidiary.example.org",
                site_role="guest",
                space_id=scene.page("busy").space_id,
                role=int(Role.EDITOR),
                created_by_id=eve.person_id,
                expires_at=now() + timedelta(days=14),
            )
        )
        session.add(
            PasswordReset(
                login="ben",
                token_hash=hash_token("of-the-world"),
                person_id=scene.actor("ben").person_id,
                expires_at=now() + timedelta(days=1),
            )
        )
        ben = session.get_one(Person, scene.actor("ben").person_id)
        create_token(session, ben.actor(), ben, name="Nightly export", writes=False)
    scene.deliver()
