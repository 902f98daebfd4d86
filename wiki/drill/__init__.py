"""The leak drill: a scratch wiki with marked secrets, crawled by accounts that may not see them."""
