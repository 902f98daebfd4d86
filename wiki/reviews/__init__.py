"""Looking at what others want to do: changes that open something to more people."""
