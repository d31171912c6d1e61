"""The content of the test: framework, items, scoring keys, blueprints, releases. No web, no SQL, no clock."""
