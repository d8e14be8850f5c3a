//! One frame of the view: what a trader looks at, from top to bottom.

use kernel::{Cash, TradingState};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};
use runtime::session::{Phase, Status};

/// Draws the whole view.
pub fn status(frame: &mut Frame<'_>, status: &Status) {
    let rows = Layout::vertical([
        Constraint::Length(4),
        Constraint::Length(list_height(status.positions.len())),
        Constraint::Length(list_height(status.open_orders.len())),
        Constraint::Min(4),
        Constraint::Length(1),
    ]);
    let [head, positions, orders, events, foot] = rows.areas(frame.area());
    draw_head(frame, head, status);
    draw_positions(frame, positions, status);
    draw_orders(frame, orders, status);
    draw_events(frame, events, status);
    draw_foot(frame, foot, status);
}

/// Rows of a table with its heading and frame; at least one row, at most eight.
fn list_height(rows: usize) -> u16 {
    u16::try_from(rows.clamp(1, 8)).unwrap_or(8) + 3
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let mut title = vec![Span::raw(" Tradewind ").bold(), Span::raw(format!("{} ", status.venue))];
    if status.synthetic {
        title.push(Span::styled(
            " SYNTHETIC DATA ",
            Style::new().fg(Color::Black).bg(Color::Yellow),
        ));
    }
    let block = Block::bordered().title(Line::from(title));
    let money = Line::from(vec![
        Span::raw("equity "),
        Span::raw(usd(status.equity)).bold(),
        Span::raw("   day "),
        signed(status.day_profit),
        Span::raw("   cash "),
        Span::raw(usd(status.cash)),
        Span::raw("   trading "),
        trading(status),
    ]);
    let time = status.venue_time.to_string();
    let second = status.message.clone().unwrap_or_else(|| {
        format!("venue time {} UTC   session {}", clock(&time), short(&status.session))
    });
    frame.render_widget(Paragraph::new(vec![money, Line::raw(second)]).block(block), area);
}

fn trading(status: &Status) -> Span<'static> {
    let phase = match status.phase {
        Phase::Starting => Some("starting"),
        Phase::Stopping => Some("stopping"),
        Phase::Ended => Some("ended"),
        Phase::Running => None,
    };
    match (phase, status.trading) {
        (Some(word), _) => word.yellow(),
        (None, TradingState::Active) => "active".green(),
        (None, TradingState::Reducing) => "reducing".yellow(),
        (None, TradingState::Halted) => "HALTED".red().bold(),
    }
}

fn draw_positions(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let rows = status.positions.iter().map(|line| {
        let price = |price: Option<kernel::Price>| {
            price.map_or_else(|| "-".to_owned(), |price| cents(&price.to_string()))
        };
        Row::new([
            Cell::from(line.symbol.clone()),
            Cell::from(line.qty.to_string()),
            Cell::from(price(line.avg_price)),
            Cell::from(price(line.last_price)),
            Cell::from(line.market_value.map_or_else(|| "-".to_owned(), usd)),
            Cell::from(signed(line.unrealised)),
        ])
    });
    let heading = ["symbol", "shares", "entry", "last", "value", "unrealised"];
    let title = format!(" Positions ({}) ", status.positions.len());
    table(frame, area, rows, &heading, title);
}

fn draw_orders(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let rows = status.open_orders.iter().rev().map(|line| {
        Row::new([
            line.order.to_string(),
            line.symbol.clone(),
            line.side.to_owned(),
            line.kind.to_owned(),
            format!("{}/{}", line.filled, line.qty),
            line.price.map_or_else(|| "-".to_owned(), |price| price.to_string()),
            line.status.as_str().to_owned(),
        ])
    });
    let heading = ["order", "symbol", "side", "kind", "filled", "price", "status"];
    let title = format!(" Open orders ({}) ", status.open_orders.len());
    table(frame, area, rows, &heading, title);
}

fn table<'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    rows: impl Iterator<Item = Row<'a>>,
    heading: &[&'static str],
    title: String,
) {
    let widths = heading.iter().map(|_| Constraint::Fill(1));
    let dim = Style::new().add_modifier(Modifier::DIM);
    let head = Row::new(heading.iter().copied()).style(dim);
    let table = Table::new(rows, widths).header(head).block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn draw_events(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let room = usize::from(area.height.saturating_sub(2));
    let first = status.recent.len().saturating_sub(room);
    let lines = status.recent.iter().skip(first).map(|text| {
        let line = Line::raw(text.clone());
        if text.starts_with("alert") || text.starts_with("denied") { line.yellow() } else { line }
    });
    let block = Block::bordered().title(" Last events ");
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

fn draw_foot(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let up = |up: bool| if up { "up".green() } else { "down".red() };
    let age = status.feed_age_seconds.map_or_else(|| "-".to_owned(), |age| format!("{age:.1} s"));
    let tally = &status.tally;
    let line = Line::from(vec![
        Span::raw(format!(
            " {:.1} inputs/s   {} sent  {} filled  {} denied  {} alerts   feed {age}   data ",
            status.inputs_per_second, tally.sent, tally.filled, tally.denied, tally.alerts
        )),
        up(status.links.market_data),
        Span::raw("  orders "),
        up(status.links.orders),
        Span::raw(format!("   journal {}   ", bytes(status.journal_bytes))),
        Span::raw("q ends").add_modifier(Modifier::DIM),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

fn signed(amount: Option<Cash>) -> Span<'static> {
    match amount {
        None => Span::raw("-"),
        Some(amount) if amount.is_negative() => usd(amount).red(),
        Some(amount) if amount.is_positive() => format!("+{}", usd(amount)).green(),
        Some(amount) => Span::raw(usd(amount)),
    }
}

/// Cents are enough for the eye; the exact figures are in the summary and the journal.
fn usd(amount: Cash) -> String {
    cents(&amount.to_string())
}

fn cents(text: &str) -> String {
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((whole, fraction)) => {
            let kept: String = fraction.chars().chain("00".chars()).take(2).collect();
            format!("{whole}.{kept}")
        }
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        _ => format!("{} MiB", count / 1_048_576),
    }
}

fn clock(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}

fn short(session: &str) -> &str {
    session.get(..8).unwrap_or(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(status_: &Status) -> String {
        let mut terminal = Terminal::new(TestBackend::new(110, 26)).unwrap();
        terminal.draw(|frame| status(frame, status_)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_synthetic_session_says_so() {
        let status = Status::starting("embedded", "synthetic");
        assert!(drawn(&status).contains("SYNTHETIC DATA"));
    }

    #[test]
    fn money_halts_and_messages_are_seen() {
        let mut status = Status::starting("alpaca-paper", "alpaca");
        status.phase = Phase::Running;
        status.trading = TradingState::Halted;
        status.equity = "100012.3456".parse().unwrap();
        status.day_profit = Some("-3.5".parse().unwrap());
        status.message = Some("The market opens at 14:30".into());
        let screen = drawn(&status);
        for text in ["100012.34", "-3.50", "HALTED", "The market opens at 14:30"] {
            assert!(screen.contains(text), "{text} is not in\n{screen}");
        }
    }

    #[test]
    fn cents_are_cut_not_rounded_up() {
        assert_eq!(cents("1.999"), "1.99");
        assert_eq!(cents("-0.5"), "-0.50");
        assert_eq!(cents("7"), "7.00");
    }
}
