"""Prints every cell of workbooks as openpyxl reads it: file, sheet, cell, type, value."""
import json
import sys

import openpyxl

for path in sys.argv[1:]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in book:
        sheet.reset_dimensions()  # every row, whatever the sheet says of its size
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    value = cell.value
                    if hasattr(value, "isoformat"):
                        value = value.isoformat()
                    elif not isinstance(value, str):
                        value = repr(value)
                    print(json.dumps([path, sheet.title, cell.coordinate, cell.data_type, value]))
