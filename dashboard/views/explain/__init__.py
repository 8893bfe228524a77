"""Explain: which places of a face an answer rests on."""
