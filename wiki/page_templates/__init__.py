"""Templates for new pages: some that are built in, and those that a space keeps as pages."""
