"""All tables, for migrations and tests."""

from wiki.attachments import models as attachments
from wiki.audit import models as audit
from wiki.outbox import models as outbox
from wiki.pages import models as pages
from wiki.people import models as people
from wiki.reviews import models as reviews
from wiki.sharing import models as sharing
from wiki.spaces import models as spaces
from wiki.tags import models as tags
from wiki.transfer import models as transfer

__all__ = [
    "attachments",
    "audit",
    "outbox",
    "pages",
    "people",
    "reviews",
    "sharing",
    "spaces",
    "tags",
    "transfer",
]
