"""The leak drill: a scratch wiki with marked secrets, crawled as those who may not know them."""
