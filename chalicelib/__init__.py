"""The product catalog. Start reading at `catalog.py`; `wiring.py` shows how the parts meet."""
