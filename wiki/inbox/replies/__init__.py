"""Replies by mail: signed addresses, the mailbox, and the comments that are made of them."""
