//! Tables as CSV and JSON.

use super::{FactTable, FactValues};
use kernel::Cash;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use std::io::{self, Write};

/// One table with a head; a cell with a comma, a quotation mark or a line break is quoted.
pub(super) fn csv(table: &FactTable, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..table.rows() {
        for (place, column) in table.columns.iter().enumerate() {
            if place > 0 {
                out.write_all(b",")?;
            }
            match value(&column.values, row) {
                Value::String(text) => out.write_all(quoted(&text).as_bytes())?,
                Value::Null => {}
                other => write!(out, "{other}")?,
            }
        }
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// An array with an object for each row, columns in their order.
pub(super) fn json(table: &FactTable, out: &mut impl Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::new(&mut *out);
    let mut rows = serializer.serialize_seq(Some(table.rows()))?;
    for row in 0..table.rows() {
        rows.serialize_element(&Row { table, row })?;
    }
    SerializeSeq::end(rows)?;
    out.write_all(b"\n")?;
    out.flush()
}

struct Row<'a> {
    table: &'a FactTable,
    row: usize,
}

impl serde::Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len()))?;
        for column in &self.table.columns {
            map.serialize_entry(column.name, &value(&column.values, self.row))?;
        }
        SerializeMap::end(map)
    }
}

fn value(values: &FactValues, row: usize) -> Value {
    let found = match values {
        FactValues::Text(texts) => texts.get(row).cloned().flatten().map(Value::from),
        FactValues::Time(times) => times.get(row).map(|time| time.to_string().into()),
        FactValues::Decimal(nanos) => {
            let nanos = nanos.get(row).copied().flatten();
            nanos.map(|nanos| Cash::from_nanos(nanos).to_string().into())
        }
        FactValues::Number(numbers) => numbers.get(row).copied().flatten().map(Value::from),
        FactValues::Whole(counts) => counts.get(row).copied().map(Value::from),
    };
    found.unwrap_or(Value::Null)
}
