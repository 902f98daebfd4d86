"""Photos: a picture that each person gives of themselves."""
