"""What a wiki can tell about itself."""
