"""Which answers a change of the database makes out of date.

Triggers (``triggers.py``) record in the table ``changes`` what each transaction has changed, as
*scopes* (``rules.py``). The scopes that an answer was read from follow from the text of its
statements (``reads.py``). It is current as long as none of them has changed since (``log.py``).
"""
