"""Differences between languages that search must know: function words, stems, synonyms."""
