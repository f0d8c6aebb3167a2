"""Packs the project as it ships, and deploys it: to AWS, or to an emulator on this machine."""
