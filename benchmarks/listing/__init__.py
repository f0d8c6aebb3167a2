"""The listing, measured on a large catalogue: is its last page as fast as its first?"""
