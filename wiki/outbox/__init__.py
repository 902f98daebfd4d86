"""What happened, written with the change itself, and delivered to those who must hear it."""
