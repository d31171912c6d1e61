from enum import StrEnum

class ExportOutFormat(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    XLSX = "xlsx"

    def __str__(self) -> str:
        return str(self.value)
