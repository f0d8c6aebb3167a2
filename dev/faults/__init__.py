"""Random histories under faults: is what a read returns ever older than it may be?"""
