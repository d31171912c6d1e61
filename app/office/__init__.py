"""The institution's own office: members, keys, branding."""
