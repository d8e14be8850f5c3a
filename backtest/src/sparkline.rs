//! A curve in dots of Braille, for terminals.

/// The curve of some values, a line of text for each row: two dots wide and four high in each
/// character. Nothing for fewer than two values.
pub fn braille(values: &[f64], width: usize, height: usize) -> Vec<String> {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if values.len() < 2 || width == 0 || height == 0 || low > high {
        return Vec::new();
    }
    let (columns, rows) = (width * 2, height * 4);
    let spread = if high > low { high - low } else { 1.0 };
    let level = |column: usize| {
        let place = column * (values.len() - 1) / (columns - 1).max(1);
        let share = (values.get(place).copied().unwrap_or(low) - low) / spread;
        ((1.0 - share) * (rows - 1) as f64).round() as usize
    };
    let mut cells = vec![vec![0_u8; width]; height];
    let mut dot = |column: usize, row: usize| {
        if let Some(cell) = cells.get_mut(row / 4).and_then(|line| line.get_mut(column / 2)) {
            *cell |= bit(column % 2, row % 4);
        }
    };
    let mut before = level(0);
    for column in 0..columns {
        let now = level(column);
        // What lies between two levels is drawn too, so that the line is whole.
        for row in before.min(now)..=before.max(now) {
            dot(column, row);
        }
        before = now;
    }
    let letter = |cell: &u8| char::from_u32(0x2800 + u32::from(*cell)).unwrap_or(' ');
    cells.iter().map(|line| line.iter().map(letter).collect()).collect()
}

/// The bit of a dot in a letter of Braille, by Unicode.
const fn bit(column: usize, row: usize) -> u8 {
    match (column, row) {
        (0, 3) => 0x40,
        (_, 3) => 0x80,
        (0, row) => 1 << row,
        (_, row) => 8 << row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_is_a_line_from_below_left_to_above_right() {
        assert_eq!(braille(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 4, 2), ["⠀⠀⣠⠞", "⣠⠞⠁⠀"]);
        assert_eq!(braille(&[1.0, 1.0, 1.0], 2, 1), ["⣀⣀"]);
        assert!(braille(&[1.0], 4, 2).is_empty());
    }
}
