"""The outbox: events stored in the transaction of the change, and delivered to subscribers."""
