"""The inbox: notices of what people watch and of where they are mentioned."""
