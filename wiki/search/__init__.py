"""Search: pages found by their words, among those the asker may read."""
