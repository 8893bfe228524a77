"""The pages: one package each, named as the page's address, with `page.py` and the page's own parts."""
