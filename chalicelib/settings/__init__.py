"""The settings of this process: read from the environment once, and checked, at the start."""

from chalicelib.settings.model import LOCAL, Settings, SettingsError

__all__ = ["LOCAL", "Settings", "SettingsError"]
