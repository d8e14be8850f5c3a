//! Market data as CSV files, plain or gzipped.

use crate::content::{Kind, row_time};
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::{MarketData, Timestamp};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file on its way: written beside its place, and removed when it is dropped before it has its name.
#[derive(Debug)]
pub struct Beside {
    path: PathBuf,
    written: PathBuf,
    has_name: bool,
}

impl Beside {
    /// The place of a file. Nothing is made yet.
    pub fn of(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        Self { path: path.into(), written: path.with_file_name(name), has_name: false }
    }

    /// Where it is written.
    pub fn written(&self) -> &Path {
        &self.written
    }

    /// Gives it its name, in place of what had it.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn give_name(mut self) -> io::Result<()> {
        std::fs::rename(&self.written, &self.path)?;
        self.has_name = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.has_name {
            // Best effort: what is left has a name that nobody reads.
            let _ = std::fs::remove_file(&self.written);
        }
    }
}

/// Writes rows of one kind in the layout that this program reads. The file has its name when
/// [`CsvWriter::finish`] was called, not before.
pub struct CsvWriter {
    place: Beside,
    out: Out,
    with_symbol: bool,
}

enum Out {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Out {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Out::Plain(out) => out,
            Out::Gzip(out) => out.as_mut(),
        }
    }
}

impl CsvWriter {
    /// A file of one kind; gzipped when its name ends in `.gz`, and with a column `symbol` when it
    /// is to hold several.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path, kind: Kind, with_symbol: bool) -> io::Result<Self> {
        let place = Beside::of(path);
        let file = BufWriter::new(File::create(place.written())?);
        let out = if path.extension().is_some_and(|ending| ending == "gz") {
            Out::Gzip(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Out::Plain(file)
        };
        let mut writer = Self { place, out, with_symbol };
        let columns = match kind {
            Kind::Bars => "open,high,low,close,volume",
            Kind::Quotes => "bid_price,bid_size,ask_price,ask_size",
            Kind::Trades => "price,size",
        };
        let symbol = if with_symbol { "symbol," } else { "" };
        writeln!(writer.out.writer(), "timestamp,{symbol}{columns}")?;
        Ok(writer)
    }

    /// Adds a row of the kind.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, symbol: &str, datum: &MarketData) -> io::Result<()> {
        let with_symbol = self.with_symbol;
        let out = self.out.writer();
        write_time(out, row_time(datum))?;
        if with_symbol {
            write!(out, ",{symbol}")?;
        }
        match datum {
            MarketData::Bar(bar) => {
                let (open, high, low, close) = (bar.open, bar.high, bar.low, bar.close);
                writeln!(out, ",{open},{high},{low},{close},{}", bar.volume)
            }
            MarketData::Quote(quote) => {
                let (bid, ask) = (quote.bid, quote.ask);
                writeln!(out, ",{bid},{},{ask},{}", quote.bid_size, quote.ask_size)
            }
            MarketData::Trade(trade) => writeln!(out, ",{},{}", trade.price, trade.size),
        }
    }

    /// Brings the file to the disk and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.out {
            Out::Plain(out) => out,
            Out::Gzip(out) => out.finish()?,
        };
        file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        self.place.give_name()
    }
}

/// With whole seconds when it has no part of one.
fn write_time(out: &mut dyn Write, time: Timestamp) -> io::Result<()> {
    let text = time.to_string();
    match text.strip_suffix(".000000000Z") {
        Some(whole) => write!(out, "{whole}Z"),
        None => write!(out, "{text}"),
    }
}
