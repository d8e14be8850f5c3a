//! `tradewind data download`.

mod actions;
mod line;
mod out;

use super::options;
use crate::args::download::DownloadArgs;
use crate::commands::{print_json, print_text};
use crate::config::Settings;
use crate::config::settings::user_data_dir;
use crate::exit::Failure;
use crate::figures::{counted, date_time};
use crate::shell::{Shell, unless_stopped};
use crate::{assemble, resolve, venue};
use kernel::{Span, Symbols, Timestamp};
use line::Line;
use marketdata::{calendar, resolution};
use out::Out;
use runtime::alpaca::{
    Address, Client, History, HistoryKind, HistoryQuery, Mode, Names, timeframe,
};
use runtime::alpha_vantage::{AlphaVantage, MINUTE, Months};
use runtime::download::{Pages, Poured, Spool, fetch, pour};
use runtime::session::machine_time;
use serde_json::json;

/// What is asked for, checked.
struct Wanted {
    symbols: Symbols,
    from: Timestamp,
    /// `None` is the beginning of today.
    to: Option<Timestamp>,
    /// How long bars last; zero for quotes and trades.
    length: Span,
}

pub fn run(args: &DownloadArgs) -> Result<(), Failure> {
    let shell = Shell::new()?;
    let settings = settings(args)?;
    let wanted = Wanted::read(args)?;
    if args.kind == "corporate-actions" {
        return actions::run(args, &wanted, &client(&settings, &wanted)?, &shell);
    }
    // Before anything is asked for, so that it is not in vain.
    let mut out = Out::open(args, &wanted, feed(args, &settings))?;
    let provider = Provider::of(args, &settings, &wanted)?;
    let mut spool = Spool::open(&user_data_dir().join("downloads"), &provider.request(args))?;
    if args.restart {
        spool.clear()?;
    }
    let proposed = wanted.to.unwrap_or_else(today);
    let end = spool.settle(&proposed.to_string())?;
    let end =
        end.parse().map_err(|error| Failure::usage(format!("{error}; --restart begins anew")))?;
    if end <= wanted.from {
        return Err(Failure::usage("--from: it is not before --to; there is nothing in between"));
    }
    let poured = match provider {
        Provider::Alpaca(client, _) => {
            let page_rows = usize::from(args.page_rows);
            let kind = kind(args, wanted.length);
            let query = HistoryQuery { kind, start: wanted.from, end, page_rows };
            load(&shell, &History::new(client, query), &mut spool, &mut out)
        }
        Provider::AlphaVantage(client) => {
            let adjusted = args.adjustment == "all";
            let months = Months::new(client, &wanted.symbols, wanted.from, end, adjusted);
            load(&shell, &months, &mut spool, &mut out)
        }
    };
    let poured = poured.map_err(|failure| kept(failure, spool.count()))?;
    let pages = spool.count();
    if poured.rows.is_empty() {
        spool.remove()?;
        let (from, to) = (date_time(wanted.from), date_time(end));
        let names: Vec<&str> = wanted.symbols.names().collect();
        return Err(Failure::usage(format!(
            "there are no {} of {} between {from} and {to} UTC; nothing was written",
            args.kind,
            names.join(", ")
        )));
    }
    let written = out.finish().map_err(|failure| kept(failure, pages))?;
    spool.remove()?;
    tell(args, &wanted, &poured, pages, end, written)
}

/// Loads what is missing, and hands everything on.
fn load(
    shell: &Shell,
    pages: &impl Pages,
    spool: &mut Spool,
    out: &mut Out,
) -> Result<Poured, Failure> {
    let mut line = Line::new();
    let loaded = async { Ok(fetch(pages, spool, |progress| line.show(progress)).await?) };
    let loaded = shell.block_on(unless_stopped(shell.stop(), loaded));
    line.clear();
    loaded?;
    pour(pages, spool, out)
}

/// A failure that leaves pages behind.
fn kept(failure: Failure, pages: usize) -> Failure {
    if pages == 0 {
        return failure;
    }
    let (pages, message) = (counted(pages as u64, "page"), failure.message);
    let hint = "the same command goes on behind them, --restart begins anew";
    Failure { message: format!("{message}; {pages} kept: {hint}"), ..failure }
}

fn settings(args: &DownloadArgs) -> Result<Settings, Failure> {
    let mut layers = resolve::base(&args.config);
    if let Some(feed) = &args.feed {
        layers.set_flag("--feed", "alpaca.feed", feed);
    }
    Ok(Settings::new(layers.finish()?))
}

/// Who is asked.
enum Provider {
    /// With the address.
    Alpaca(Client, String),
    AlphaVantage(AlphaVantage),
}

impl Provider {
    fn of(args: &DownloadArgs, settings: &Settings, wanted: &Wanted) -> Result<Self, Failure> {
        if args.provider == "alpaca" {
            let client = client(settings, wanted)?;
            let address = format!("{} {}", client.config().endpoints.data, client.config().feed);
            return Ok(Self::Alpaca(client, address));
        }
        let refused = |what| Err(Failure::usage(format!("--provider alpha-vantage: {what}")));
        if args.kind != "bars" || wanted.length != MINUTE {
            return refused("it has minute bars alone; leave --kind and --resolution out");
        }
        if args.adjustment == "split" {
            return refused(
                "its prices are raw, or adjusted for everything: --adjustment raw or all",
            );
        }
        let config = assemble::alpha_vantage(settings)?;
        AlphaVantage::new(config).map(Self::AlphaVantage).map_err(Failure::usage)
    }

    /// What tells this download from every other.
    fn request(&self, args: &DownloadArgs) -> String {
        let address = match self {
            Provider::Alpaca(_, address) => address,
            Provider::AlphaVantage(_) => "",
        };
        let DownloadArgs { provider, kind, resolution, adjustment, from, page_rows, .. } = args;
        let (symbols, to) = (args.symbols.join(","), args.to.as_deref().unwrap_or("today"));
        format!(
            "{provider} {address}\n{kind} {resolution} {adjustment} of {symbols}\n{from} to {to}, {page_rows} rows a page\n"
        )
    }
}

/// Which feed the rows are of.
fn feed<'a>(args: &'a DownloadArgs, settings: &'a Settings) -> &'a str {
    if args.provider == "alpaca" { settings.text("alpaca.feed") } else { &args.provider }
}

/// A client of Alpaca for the symbols. Of the addresses that of market data alone matters.
fn client(settings: &Settings, wanted: &Wanted) -> Result<Client, Failure> {
    if wanted.symbols.is_empty() {
        return Err(Failure::usage("--symbols: none are named"));
    }
    let credentials = venue::credentials(settings)?.ok_or_else(|| {
        Failure::usage(
            "no keys: set APCA_API_KEY_ID and APCA_API_SECRET_KEY to those of any account at Alpaca",
        )
    })?;
    let endpoints = venue::endpoints(settings, Mode::Paper);
    let mut refused = endpoints.refused(Mode::Paper).into_iter();
    if let Some(error) = refused.find(|error| error.which() == Address::Data) {
        return Err(Failure::usage(error));
    }
    let client = assemble::client(settings, endpoints, credentials)?;
    Ok(client.named(Names::new(wanted.symbols.clone(), "")))
}

fn kind(args: &DownloadArgs, length: Span) -> HistoryKind {
    match args.kind.as_str() {
        "quotes" => HistoryKind::Quotes,
        "trades" => HistoryKind::Trades,
        _ => HistoryKind::Bars { length, adjustment: args.adjustment.clone() },
    }
}

impl Wanted {
    fn read(args: &DownloadArgs) -> Result<Self, Failure> {
        let mut names = args.symbols.clone();
        names.sort_unstable();
        names.dedup();
        let symbols =
            Symbols::new(names).map_err(|error| Failure::usage(format!("--symbols: {error}")))?;
        let from = options::time("--from", &args.from)?;
        let to = args.to.as_deref().map(|to| options::time("--to", to)).transpose()?;
        if args.kind != "bars" {
            if args.adjustment != "raw" {
                let what = "quotes and trades are as they were; --adjustment is for bars";
                return Err(Failure::usage(what));
            }
            return Ok(Self { symbols, from, to, length: Span::ZERO });
        }
        let length = options::length("--resolution", &args.resolution)?;
        if timeframe(length).is_none() {
            return Err(Failure::usage(format!(
                "--resolution: there are no bars of {}; expected 1Min to 59Min, 1Hour to 23Hour or 1Day, and for longer ones see `tradewind data convert --resample`",
                resolution::name(length)
            )));
        }
        Ok(Self { symbols, from, to, length })
    }
}

/// The midnight with which today began in New York: days that are over have all their rows.
fn today() -> Timestamp {
    calendar::midnight(calendar::date_of(machine_time()))
}

fn tell(
    args: &DownloadArgs,
    wanted: &Wanted,
    poured: &Poured,
    pages: usize,
    end: Timestamp,
    written: String,
) -> Result<(), Failure> {
    let rows = |name: &str| poured.rows.get(name).copied().unwrap_or_default();
    if args.json {
        let rows = wanted.symbols.names().map(|name| (name.to_owned(), json!(rows(name))));
        let rows: serde_json::Map<_, _> = rows.collect();
        return print_json(&json!({
            "provider": args.provider, "kind": args.kind, "adjustment": args.adjustment,
            "resolution": (wanted.length > Span::ZERO).then(|| resolution::name(wanted.length)),
            "from": wanted.from.to_string(), "to": end.to_string(), "pages": pages,
            "rows": rows, "left_out": poured.left_out,
        }));
    }
    let mut text = written;
    for name in wanted.symbols.names().filter(|name| rows(name) == 0) {
        text += &format!("{name}: there are none\n");
    }
    if let Some(first) = &poured.first_left_out {
        let count = counted(poured.left_out, "row");
        text += &format!("{count} left out that no market could have had, the first: {first}\n");
    }
    print_text(&text)
}

/// A sentence on what a flag asks for and the program cannot do.
#[cfg(not(feature = "parquet"))]
fn needs_out() -> Failure {
    let store = super::without_parquet().message;
    Failure::usage(format!("--out FILE is missing, and {store}"))
}
