"""The page that draws from an exported generator in a browser: its scripts, its operators, its folder."""
