//! What a cell does between its products, forward and backward, for some rows at once.

use crate::simd::{Kernel, Simd, WIDE};

/// One step of some rows, forward: gates and cell.
///
/// `c = f * before + i * g` and `h = o * tanh(c)`, where i, f and o are logistic curves of what the
/// products gave, and g its hyperbolic tangent. Source: S. Hochreiter and J. Schmidhuber, "Long
/// Short-Term Memory", 1997, with the forget gate of F. Gers and others, 2000.
pub(super) struct Forward<'a> {
    /// Rows of this step.
    pub rows: usize,
    /// Units, a multiple of [`WIDE`].
    pub units: usize,
    /// In: what the products gave. Out: the gates. Rows of `4 * units`.
    pub gates: &'a mut [f32],
    /// From one row of gates to the next.
    pub gates_row: usize,
    /// The cell before, rows of `units`.
    pub before: &'a [f32],
    /// Out: the cell, rows of `units`.
    pub cell: &'a mut [f32],
    /// Out: the cell's hyperbolic tangent, rows of `units`.
    pub squashed: &'a mut [f32],
    /// Out: the outputs.
    pub hidden: &'a mut [f32],
    /// From one row of outputs to the next.
    pub hidden_row: usize,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let units = self.units;
        let rows = self.gates.chunks_mut(self.gates_row).zip(self.before.chunks(units));
        let rows = rows.zip(self.cell.chunks_mut(units)).zip(self.squashed.chunks_mut(units));
        let rows = rows.zip(self.hidden.chunks_mut(self.hidden_row)).take(self.rows);
        for ((((gates, before), cell), squashed), hidden) in rows {
            let (input, forget, candidate, output) = four(gates, units);
            let gates = input.iter_mut().zip(forget).zip(candidate).zip(output);
            let cells = before.as_chunks::<WIDE>().0.iter().zip(cell.as_chunks_mut().0);
            let outs = squashed.as_chunks_mut().0.iter_mut().zip(hidden.as_chunks_mut().0);
            for (((((input, forget), candidate), output), (before, cell)), (squashed, hidden)) in
                gates.zip(cells).zip(outs)
            {
                let i = simd.sigmoid(simd.load(input));
                let f = simd.sigmoid(simd.load(forget));
                let g = simd.tanh(simd.load(candidate));
                let o = simd.sigmoid(simd.load(output));
                let c = simd.mul_add(f, simd.load(before), simd.mul(i, g));
                let tanh = simd.tanh(c);
                simd.store(input, i);
                simd.store(forget, f);
                simd.store(candidate, g);
                simd.store(output, o);
                simd.store(cell, c);
                simd.store(squashed, tanh);
                simd.store(hidden, simd.mul(o, tanh));
            }
        }
    }
}

/// One step of some rows, backward.
pub(super) struct Backward<'a> {
    /// Rows of this step.
    pub rows: usize,
    /// Units, a multiple of [`WIDE`].
    pub units: usize,
    /// In: the gates. Out: the loss's gradient by what the products gave.
    pub gates: &'a mut [f32],
    /// From one row of gates to the next.
    pub gates_row: usize,
    /// The cell before, rows of `units`.
    pub before: &'a [f32],
    /// The cell's hyperbolic tangent, rows of `units`.
    pub squashed: &'a [f32],
    /// The gradient by the outputs, rows of `units`.
    pub by_hidden: &'a [f32],
    /// The gradient by the cell: in, from the step after; out, for the step before. Rows of `units`.
    pub by_cell: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (units, one) = (self.units, simd.splat(1.0));
        let rows = self.gates.chunks_mut(self.gates_row).zip(self.before.chunks(units));
        let rows = rows.zip(self.squashed.chunks(units)).zip(self.by_hidden.chunks(units));
        let rows = rows.zip(self.by_cell.chunks_mut(units)).take(self.rows);
        for ((((gates, before), squashed), by_hidden), by_cell) in rows {
            let (input, forget, candidate, output) = four(gates, units);
            let gates = input.iter_mut().zip(forget).zip(candidate).zip(output);
            let cells = before.as_chunks::<WIDE>().0.iter().zip(squashed.as_chunks().0);
            let grads = by_hidden.as_chunks().0.iter().zip(by_cell.as_chunks_mut().0);
            for (
                ((((input, forget), candidate), output), (before, squashed)),
                (by_hidden, by_cell),
            ) in gates.zip(cells).zip(grads)
            {
                let (i, f) = (simd.load(input), simd.load(forget));
                let (g, o) = (simd.load(candidate), simd.load(output));
                let (tanh, dh) = (simd.load(squashed), simd.load(by_hidden));
                let slope = simd.sub(one, simd.mul(tanh, tanh));
                let dc = simd.mul_add(simd.mul(dh, o), slope, simd.load(by_cell));
                let logistic = |gate| simd.mul(gate, simd.sub(one, gate));
                let by_input = simd.mul(simd.mul(dc, g), logistic(i));
                let by_forget = simd.mul(simd.mul(dc, simd.load(before)), logistic(f));
                let by_candidate = simd.mul(simd.mul(dc, i), simd.sub(one, simd.mul(g, g)));
                let by_output = simd.mul(simd.mul(dh, tanh), logistic(o));
                simd.store(input, by_input);
                simd.store(forget, by_forget);
                simd.store(candidate, by_candidate);
                simd.store(output, by_output);
                simd.store(by_cell, simd.mul(dc, f));
            }
        }
    }
}

type Wides<'a> = &'a mut [[f32; WIDE]];

/// The four gates of a row.
#[inline(always)]
fn four(gates: &mut [f32], units: usize) -> (Wides<'_>, Wides<'_>, Wides<'_>, Wides<'_>) {
    let (wides, _) = gates.as_chunks_mut::<WIDE>();
    let each = units / WIDE;
    let (input, rest) = wides.split_at_mut(each);
    let (forget, rest) = rest.split_at_mut(each);
    let (candidate, output) = rest.split_at_mut(each);
    (input, forget, candidate, output)
}
