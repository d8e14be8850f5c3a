//! Positions and open orders: tables where there is room, one line each where there is not.

use super::draw;
use crate::figures;
use kernel::{Price, Quantity};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};
use runtime::session::{OrderLine, PositionLine, Status};

/// A column: its heading, its width, and whether figures stand in it.
type Column = (&'static str, u16, bool);

const POSITIONS: [Column; 6] = [
    ("symbol", 10, false),
    ("shares", 10, true),
    ("entry", 11, true),
    ("last", 11, true),
    ("value USD", 14, true),
    ("unrealised", 13, true),
];

const ORDERS: [Column; 7] = [
    ("order", 6, true),
    ("symbol", 10, false),
    ("side", 4, false),
    ("kind", 10, false),
    ("filled", 13, true),
    ("price", 11, true),
    ("status", 14, false),
];

/// Lines of a table with its frame and heading; without rows there is no heading to show.
pub fn height(rows: usize, most: usize) -> u16 {
    let shown = rows.min(most.max(1));
    let lines = if shown == 0 { 3 } else { shown + 3 };
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Every position that is not flat.
pub fn positions(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let rows = status.positions.iter().map(position).collect();
    let brief = |line: &PositionLine| format!("{} {}", line.symbol, line.qty);
    let briefs = status.positions.iter().map(brief).collect();
    show(frame, area, "Positions", &POSITIONS, rows, briefs);
}

/// Every live order, the newest first.
pub fn orders(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let newest = || status.open_orders.iter().rev();
    let rows = newest().map(order).collect();
    let brief = |line: &OrderLine| format!("{} {} {}", line.side, line.qty, line.symbol);
    let briefs = newest().map(brief).collect();
    show(frame, area, "Open orders", &ORDERS, rows, briefs);
}

fn position(line: &PositionLine) -> Vec<Span<'static>> {
    vec![
        line.symbol.clone().into(),
        line.qty.to_string().into(),
        price(line.avg_price).into(),
        price(line.last_price).into(),
        line.market_value.map_or_else(|| "-".into(), figures::cents).into(),
        draw::signed(line.unrealised),
    ]
}

fn order(line: &OrderLine) -> Vec<Span<'static>> {
    let filled = |filled: Quantity, of: Quantity| format!("{filled} of {of}");
    vec![
        line.order.to_string().into(),
        line.symbol.clone().into(),
        line.side.into(),
        line.kind.replace('_', " ").into(),
        filled(line.filled, line.qty).into(),
        price(line.price).into(),
        line.status.as_str().replace('_', " ").into(),
    ]
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "-".into(), figures::exact)
}

fn show(
    frame: &mut Frame<'_>,
    area: Rect,
    what: &str,
    columns: &[Column],
    rows: Vec<Vec<Span<'static>>>,
    briefs: Vec<String>,
) {
    let count = rows.len();
    if area.height < 3 {
        let words = if count == 0 { "none".into() } else { briefs.join(", ") };
        frame.render_widget(Line::raw(format!(" {what}: {words}")), area);
        return;
    }
    if count == 0 {
        let block = Block::bordered().title(format!(" {what} "));
        frame.render_widget(Paragraph::new(Line::raw(" none").dim()).block(block), area);
        return;
    }
    let room = usize::from(area.height.saturating_sub(3));
    let title = if count > room {
        format!(" {what} ({count}, {room} shown) ")
    } else {
        format!(" {what} ({count}) ")
    };
    let heading = columns.iter().map(|(name, _, right)| cell((*name).into(), *right));
    let lines = rows.into_iter().map(|row| {
        Row::new(row.into_iter().zip(columns).map(|(span, (_, _, right))| cell(span, *right)))
    });
    let widths = columns.iter().map(|(_, width, _)| Constraint::Length(*width));
    let table = Table::new(lines, widths)
        .column_spacing(2)
        .header(Row::new(heading).dim())
        .block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn cell(span: Span<'static>, right: bool) -> Cell<'static> {
    let text = Text::from(Line::from(span));
    Cell::from(if right { text.right_aligned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_high_as_its_rows_up_to_its_share() {
        assert_eq!(height(0, 4), 3);
        assert_eq!(height(1, 4), 4);
        assert_eq!(height(9, 4), 7);
        assert_eq!(height(9, 0), 4);
    }
}
