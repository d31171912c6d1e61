"""QTI: packages of items for other tools, and theirs for this bank."""

from item_bank.qti.package import Exported, Imported, Note, read_package, write_package

__all__ = ["Exported", "Imported", "Note", "read_package", "write_package"]
