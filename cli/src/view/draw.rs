//! One frame of the view: what a trader looks at, from top to bottom.
//!
//! Whatever has no room is left out, the least important first; a terminal of any size is drawn on.

use super::tables;
use crate::figures;
use kernel::{Cash, TradingState};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use runtime::alpaca::is_on_this_machine;
use runtime::session::{Phase, Status, Weight};
use std::time::Duration;

/// Terminals lower than this get one line each for positions and orders.
const LOW: u16 = 18;

/// Draws the whole view. `left` is the time until the session ends by itself, when it will.
pub fn status(frame: &mut Frame<'_>, status: &Status, left: Option<Duration>) {
    let area = frame.area();
    let (positions, orders) = if area.height < LOW {
        (1, 1)
    } else {
        let most = usize::from(area.height / 5);
        (
            tables::height(status.positions.len(), most),
            tables::height(status.open_orders.len(), most),
        )
    };
    let rows = Layout::vertical([
        Constraint::Length(head_height(status)),
        Constraint::Length(positions),
        Constraint::Length(orders),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [head, positions, orders, events, foot] = rows.areas(area);
    draw_head(frame, head, status, left);
    tables::positions(frame, positions, status);
    tables::orders(frame, orders, status);
    draw_events(frame, events, status);
    draw_foot(frame, foot, status);
}

fn head_height(status: &Status) -> u16 {
    if status.message.is_some() { 5 } else { 4 }
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, status: &Status, left: Option<Duration>) {
    let mut title = vec![Span::raw(" Tradewind ").bold()];
    if status.synthetic {
        let loud = Style::new().fg(Color::Black).bg(Color::Yellow);
        title.push(Span::styled(" SYNTHETIC DATA ", loud));
    }
    title.push(Span::raw(format!(" {} ", venue(status))));
    let block = Block::bordered().title(Line::from(title));
    let inside = usize::from(area.width.saturating_sub(2));
    let mut lines = vec![fitting(inside, money(status)), fitting(inside, course(status, left))];
    if let Some(message) = &status.message {
        lines.push(Line::raw(message.clone()).yellow());
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn venue(status: &Status) -> String {
    if let Some(address) = status.address.as_deref().filter(|address| is_on_this_machine(address)) {
        return format!("exchange at {address}, not Alpaca");
    }
    match status.venue.as_str() {
        "embedded" => "embedded exchange".into(),
        "alpaca-paper" => "Alpaca paper".into(),
        "alpaca-live" => "Alpaca LIVE, real money".into(),
        other => other.into(),
    }
}

/// What it is worth, the most important first.
fn money(status: &Status) -> Vec<Vec<Span<'static>>> {
    let day = status.day_profit.map(|day| {
        let start = status.equity.to_f64() - day.to_f64();
        figures::percent(day.to_f64(), start)
            .map_or_else(String::new, |share| format!(" ({share})"))
    });
    let values = status.positions.iter().filter_map(|line| line.market_value);
    let exposure = values.map(Cash::abs).try_fold(Cash::ZERO, Cash::checked_add);
    vec![
        vec![trading(status)],
        vec![Span::raw("equity "), Span::raw(figures::cents(status.equity)).bold(), " USD".into()],
        vec![Span::raw("day "), signed(status.day_profit), Span::raw(day.unwrap_or_default())],
        vec![Span::raw(format!("cash {}", figures::cents(status.cash)))],
        vec![Span::raw(format!(
            "exposure {}",
            exposure.map_or_else(|| "-".into(), figures::cents)
        ))],
    ]
}

/// Where it stands in time.
fn course(status: &Status, left: Option<Duration>) -> Vec<Vec<Span<'static>>> {
    let mut parts = vec![vec![Span::raw(status.venue_time.map_or_else(
        || "before the first data".into(),
        |time| format!("venue time {} UTC", figures::date_time(time)),
    ))]];
    if let Some(left) = left {
        let seconds = left.as_secs();
        parts.push(vec![Span::raw(format!("ends in {}:{:02}", seconds / 60, seconds % 60))]);
    }
    if !status.strategies.is_empty() {
        parts.push(vec![Span::raw(status.strategies.join(", "))]);
    }
    if !status.session.is_empty() {
        parts.push(vec![Span::raw(format!("session {}", figures::short(&status.session)))]);
    }
    parts
}

fn trading(status: &Status) -> Span<'static> {
    match (status.phase, status.trading) {
        (Phase::Starting, _) => "STARTING".yellow(),
        (Phase::Stopping, _) => "STOPPING".yellow(),
        (Phase::Ended, _) => "ENDED".yellow(),
        (Phase::Running, _) if status.flattening => "FLATTENING".red().bold(),
        (Phase::Running, TradingState::Halted) => "HALTED".red().bold(),
        (Phase::Running, _) if !status.reconciled => "RECONCILING".yellow(),
        (Phase::Running, TradingState::Reducing) => "REDUCING".yellow(),
        (Phase::Running, TradingState::Active) => "TRADING".green(),
    }
}

fn draw_events(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let room = usize::from(area.height.saturating_sub(2));
    let first = status.recent.len().saturating_sub(room);
    let lines = status.recent.iter().skip(first).map(|note| {
        let style = match note.weight {
            Weight::Plain => Style::new(),
            Weight::Fill => Style::new().fg(Color::Cyan),
            Weight::Caution => Style::new().fg(Color::Yellow),
            Weight::Alarm => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        };
        let time = Span::raw(format!(
            "{}  ",
            note.at.map_or_else(|| "--:--:--".into(), figures::time_of_day)
        ))
        .dim();
        Line::from(vec![time, Span::styled(note.text.clone(), style)])
    });
    let block = Block::bordered().title(" Last events ");
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

/// How it runs, the most important first.
fn draw_foot(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let age =
        status.feed_age_seconds.map_or_else(|| "-".to_owned(), |age| format!("{age:.1} s ago"));
    let keys = match status.phase {
        Phase::Starting | Phase::Running => "q ends",
        Phase::Stopping | Phase::Ended => "q again ends at once",
    };
    let tally = &status.tally;
    let mut links = vec![Span::raw("orders "), up(status.links.orders)];
    if let Some(news) = status.links.news {
        links.extend([Span::raw(", news "), up(news)]);
    }
    let parts = vec![
        vec![Span::raw("data "), up(status.links.market_data), Span::raw(format!(", last {age}"))],
        links,
        vec![Span::raw(keys).bold()],
        vec![Span::raw(figures::counted(tally.alerts, "alert"))],
        vec![Span::raw(format!(
            "{} sent, {} fills, {} denied",
            tally.sent, tally.fills, tally.denied
        ))],
        vec![Span::raw(format!("{:.1} inputs/s", status.inputs_per_second))],
        vec![Span::raw(format!("journal {}", figures::bytes(status.journal_bytes)))],
    ];
    let line = fitting(usize::from(area.width), parts);
    frame.render_widget(Paragraph::new(line).alignment(Alignment::Left), area);
}

fn up(up: bool) -> Span<'static> {
    if up { "up".green() } else { "DOWN".red().bold() }
}

/// As many parts as there is room for, from the first on.
fn fitting(width: usize, parts: Vec<Vec<Span<'static>>>) -> Line<'static> {
    const GAP: &str = "   ";
    let mut line = Line::default();
    for part in parts {
        let gap = if line.spans.is_empty() { " " } else { GAP };
        let wide: usize = part.iter().map(Span::width).sum();
        if line.width() + gap.len() + wide > width {
            break;
        }
        line.push_span(gap);
        line.extend(part);
    }
    line
}

/// A profit in green, a loss in red.
pub fn signed(amount: Option<Cash>) -> Span<'static> {
    let Some(amount) = amount else { return Span::raw("-") };
    let text = Span::raw(figures::signed(figures::cents(amount)));
    match amount.nanos().signum() {
        1 => text.green(),
        -1 => text.red(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use runtime::session::{Note, PositionLine};

    fn drawn(width: u16, height: u16, status_: &Status) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let left = Some(Duration::from_secs(83));
        terminal.draw(|frame| status(frame, status_, left)).unwrap();
        terminal.backend().to_string()
    }

    fn busy() -> Status {
        let mut status = Status::starting("embedded", "synthetic");
        status.phase = Phase::Running;
        status.reconciled = true;
        status.session = "0123456789abcdef".into();
        status.venue_time = Some("2026-01-06T15:03:00Z".parse().unwrap());
        status.strategies = vec!["sma-crossover".into()];
        status.equity = "100012.3456".parse().unwrap();
        status.cash = "97884.7".parse().unwrap();
        status.day_profit = Some("-3.5".parse().unwrap());
        status.positions = vec![PositionLine {
            symbol: "SYNB".into(),
            qty: "10".parse().unwrap(),
            avg_price: Some("210.85".parse().unwrap()),
            last_price: Some("212.06".parse().unwrap()),
            market_value: Some("2120.6".parse().unwrap()),
            unrealised: Some("12.1".parse().unwrap()),
        }];
        let text = "order 2: bought 10 SYNB at 210.85, position 10".into();
        let at = "2026-01-06T15:03:00Z".parse().unwrap();
        status.recent = vec![Note { at: Some(at), weight: Weight::Fill, text }];
        status
    }

    #[test]
    fn a_trader_finds_what_matters_on_the_smallest_usual_terminal() {
        let screen = drawn(80, 24, &busy());
        for text in [
            "SYNTHETIC DATA",
            "embedded exchange",
            "TRADING",
            "equity 100,012.34 USD",
            "day -3.50 (-0.00 %)",
            "ends in 1:23",
            "sma-crossover",
            "2,120.60",
            "+12.10",
            "15:03:00  order 2: bought 10 SYNB",
            "q ends",
        ] {
            assert!(screen.contains(text), "{text} is not in\n{screen}");
        }
    }

    #[test]
    fn halts_and_messages_are_seen() {
        let mut status = busy();
        status.trading = TradingState::Halted;
        status.message = Some("The market opens at 14:30".into());
        for (width, height) in [(120, 40), (80, 24), (60, 14)] {
            let screen = drawn(width, height, &status);
            for text in ["HALTED", "The market opens at 14:30", "venue time"] {
                assert!(screen.contains(text), "{text} is not in\n{screen}");
            }
        }
    }

    #[test]
    fn a_terminal_of_any_size_is_drawn_on() {
        for width in [1, 2, 3, 7, 20, 41, 79, 300] {
            for height in [1, 2, 3, 5, 9, 17, 18, 19, 100] {
                drawn(width, height, &busy());
                drawn(width, height, &Status::starting("alpaca-live", "alpaca"));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end() {
        let parts =
            |texts: &[&'static str]| texts.iter().map(|text| vec![Span::raw(*text)]).collect();
        assert_eq!(fitting(12, parts(&["one", "two", "three"])).to_string(), " one   two");
        assert_eq!(fitting(2, parts(&["one"])).to_string(), "");
    }
}
