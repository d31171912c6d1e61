"""The look: views, templates, styles and the player's script."""
