//! Thirty-two floats at a time, on whatever this processor has: AVX-512, AVX2 with FMA, or plain Rust.
//!
//! The choice is made when the program runs ([`dispatch`]), once per call of a [`Kernel`]. This is the
//! one file of the crate with `unsafe` in it: the instructions themselves, which a token proves to be
//! there, and reads whose bounds one assertion before the loop establishes.
#![allow(
    unsafe_code,
    reason = "vector instructions, and reads in the innermost loop whose bounds are checked once before it"
)]

use std::sync::OnceLock;

/// Floats in one [`Simd::Wide`].
pub const WIDE: usize = 32;

/// A way to compute with [`WIDE`] floats at once. A value of an implementing type is the proof that
/// the processor can do it.
pub trait Simd: Copy {
    /// So many floats.
    type Wide: Copy;
    /// Rows of a tile that fit into the registers.
    const TILE_ROWS: usize;
    /// Columns, in wides, of a tile of one row that keeps the multipliers busy.
    const ROW_WIDES: usize;

    /// The same number everywhere.
    fn splat(self, number: f32) -> Self::Wide;
    /// From memory.
    fn load(self, from: &[f32; WIDE]) -> Self::Wide;
    /// To memory.
    fn store(self, to: &mut [f32; WIDE], wide: Self::Wide);
    /// Sum.
    fn add(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// Difference.
    fn sub(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// Product.
    fn mul(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// Quotient.
    fn div(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// The smaller of two.
    fn min(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// The larger of two.
    fn max(self, one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// `one * other + more`, rounded once where the processor can.
    fn mul_add(self, one: Self::Wide, other: Self::Wide, more: Self::Wide) -> Self::Wide;
    /// Two to the power of `n`, out of the bits of `1.5 * 2^23 + n`, for whole `n` from -126 to 127.
    fn pow2(self, shifted: Self::Wide) -> Self::Wide;

    /// e to the power of, within 2 units in the last place between -87 and 88, and held there beyond.
    ///
    /// Source: the reduction and the polynomial of Cephes' `expf`, S. Moshier.
    #[inline(always)]
    fn exp(self, x: Self::Wide) -> Self::Wide {
        const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to a whole number
        let x = self.max(self.splat(-87.0), self.min(self.splat(88.0), x));
        let shifted = self.mul_add(x, self.splat(std::f32::consts::LOG2_E), self.splat(SHIFT));
        let n = self.sub(shifted, self.splat(SHIFT));
        let rest = self.mul_add(n, self.splat(-0.693_359_4), x);
        let rest = self.mul_add(n, self.splat(2.121_944_4e-4), rest);
        let mut power = self.splat(1.987_569_2e-4);
        for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_6e-1, 0.5] {
            power = self.mul_add(power, rest, self.splat(coefficient));
        }
        let square = self.mul(rest, rest);
        let power = self.mul_add(power, square, self.add(rest, self.splat(1.0)));
        self.mul(power, self.pow2(shifted))
    }

    /// The logistic function, `1 / (1 + e^-x)`.
    #[inline(always)]
    fn sigmoid(self, x: Self::Wide) -> Self::Wide {
        let one = self.splat(1.0);
        self.div(one, self.add(one, self.exp(self.sub(self.splat(0.0), x))))
    }

    /// The hyperbolic tangent, `2 / (1 + e^-2x) - 1`: absolute error below 2e-7.
    #[inline(always)]
    fn tanh(self, x: Self::Wide) -> Self::Wide {
        let two = self.splat(2.0);
        self.sub(self.mul(two, self.sigmoid(self.mul(two, x))), self.splat(1.0))
    }

    /// `A * B`, or that added to what `to` holds, for a tile of `ROWS` rows and `COLUMNS` wides.
    #[inline(always)]
    fn tile<const ROWS: usize, const COLUMNS: usize>(
        self,
        left: Left<'_>,
        right: Right<'_>,
        steps: usize,
        to: To<'_>,
    ) {
        if steps == 0 {
            return;
        }
        let Left { data: a, row: a_row, step: a_step } = left;
        let Right { data: b, wide: b_wide, step: b_step } = right;
        assert!((ROWS - 1) * a_row + (steps - 1) * a_step < a.len());
        assert!((COLUMNS - 1) * b_wide + (steps - 1) * b_step + WIDE <= b.len());
        assert!((ROWS - 1) * to.row + COLUMNS * WIDE <= to.data.len());
        let mut sums = [[self.splat(0.0); COLUMNS]; ROWS];
        for step in 0..steps {
            let wides: [Self::Wide; COLUMNS] = std::array::from_fn(|column| {
                // SAFETY: column < COLUMNS and step < steps, so the wide lies inside by the second
                // assertion; an array of floats has the alignment of a float.
                let wide = unsafe { &*b.as_ptr().add(column * b_wide + step * b_step).cast() };
                self.load(wide)
            });
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: row < ROWS and step < steps, so this is inside by the first assertion.
                let factor = self.splat(unsafe { *a.get_unchecked(row * a_row + step * a_step) });
                for (sum, wide) in sums.iter_mut().zip(wides) {
                    *sum = self.mul_add(factor, wide, *sum);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (column, sum) in sums.into_iter().enumerate() {
                // SAFETY: row < ROWS and column < COLUMNS, so the wide lies inside by the third
                // assertion, and `to.data` is borrowed for writing.
                let place =
                    unsafe { &mut *to.data.as_mut_ptr().add(row * to.row + column * WIDE).cast() };
                let sum = if to.adds { self.add(self.load(place), sum) } else { sum };
                self.store(place, sum);
            }
        }
    }
}

/// The left factor of a product: entry (row, step) stands at `row * self.row + step * self.step`.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    /// The entries.
    pub data: &'a [f32],
    /// From one row to the next.
    pub row: usize,
    /// From one step of the sum to the next.
    pub step: usize,
}

/// The right factor: wide number `w` of step `s` begins at `w * self.wide + s * self.step`.
#[derive(Clone, Copy)]
pub struct Right<'a> {
    /// The entries.
    pub data: &'a [f32],
    /// From one wide to the one beside it.
    pub wide: usize,
    /// From one step of the sum to the next.
    pub step: usize,
}

/// Where a product goes.
pub struct To<'a> {
    /// The entries, rows one after the other.
    pub data: &'a mut [f32],
    /// From one row to the next.
    pub row: usize,
    /// Whether it is added to what stands there.
    pub adds: bool,
}

/// Work that is compiled once for each kind of processor.
pub trait Kernel {
    /// What comes out.
    type Output;
    /// Does it; must be `#[inline(always)]`, as must be all generic code that it calls.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// What a processor can do, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust.
    Portable,
    /// AVX2 and FMA, of 2013 and later.
    Avx2,
    /// AVX-512 F.
    Avx512,
}

/// What this processor can do.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(detect)
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
        Level::Avx512
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::Avx2
    } else {
        Level::Portable
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Portable
}

/// Runs a kernel with the most that this processor can do.
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_at(level(), kernel)
}

/// Runs a kernel at a level, or at the highest below it that this processor has.
pub fn dispatch_at<K: Kernel>(wanted: Level, kernel: K) -> K::Output {
    match wanted.min(level()) {
        // SAFETY: `level` has found the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(kernel) },
        // SAFETY: `level` has found the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(kernel) },
        _ => kernel.run(Portable),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(x86::Avx512(()))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(x86::Avx2(()))
}

/// Plain Rust, which the compiler turns into what every processor of its kind has.
#[derive(Clone, Copy)]
struct Portable;

impl Portable {
    #[inline(always)]
    fn each(one: [f32; WIDE], other: [f32; WIDE], f: impl Fn(f32, f32) -> f32) -> [f32; WIDE] {
        let mut out = one;
        for (out, other) in out.iter_mut().zip(other) {
            *out = f(*out, other);
        }
        out
    }
}

impl Simd for Portable {
    type Wide = [f32; WIDE];
    const TILE_ROWS: usize = 1;
    const ROW_WIDES: usize = 1;

    #[inline(always)]
    fn splat(self, number: f32) -> Self::Wide {
        [number; WIDE]
    }
    #[inline(always)]
    fn load(self, from: &[f32; WIDE]) -> Self::Wide {
        *from
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; WIDE], wide: Self::Wide) {
        *to = wide;
    }
    #[inline(always)]
    fn add(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| one + other)
    }
    #[inline(always)]
    fn sub(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| one - other)
    }
    #[inline(always)]
    fn mul(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| one * other)
    }
    #[inline(always)]
    fn div(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| one / other)
    }
    #[inline(always)]
    fn min(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| if one < other { one } else { other })
    }
    #[inline(always)]
    fn max(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
        Self::each(one, other, |one, other| if one > other { one } else { other })
    }
    #[inline(always)]
    fn mul_add(self, one: Self::Wide, other: Self::Wide, more: Self::Wide) -> Self::Wide {
        self.add(self.mul(one, other), more)
    }
    #[inline(always)]
    fn pow2(self, shifted: Self::Wide) -> Self::Wide {
        Self::each(shifted, shifted, |one, _| {
            f32::from_bits((one.to_bits() << 23).wrapping_add(0x3f80_0000))
        })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Simd, WIDE};
    use std::arch::x86_64::*;

    /// Writes the implementation for one size of vector.
    macro_rules! simd {
        ($name:ident, $vector:ty, $integers:ty, $lanes:literal, $tile_rows:literal, $row_wides:literal,
         $set:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
         $min:ident, $max:ident, $fma:ident, $to_bits:ident, $from_bits:ident, $shift:ident,
         $add_bits:ident, $set_bits:ident) => {
            /// The proof that the processor has these instructions: only the functions that are
            /// compiled for them make one.
            #[derive(Clone, Copy)]
            pub(super) struct $name(pub(super) ());

            impl $name {
                #[inline(always)]
                fn each(
                    one: [$vector; WIDE / $lanes],
                    other: [$vector; WIDE / $lanes],
                    f: impl Fn($vector, $vector) -> $vector,
                ) -> [$vector; WIDE / $lanes] {
                    let mut out = one;
                    for (out, other) in out.iter_mut().zip(other) {
                        *out = f(*out, other);
                    }
                    out
                }
            }

            // SAFETY, of every block below: the token proves that the instructions are there; loads
            // and stores stay within an array of WIDE floats and need no alignment.
            impl Simd for $name {
                type Wide = [$vector; WIDE / $lanes];
                const TILE_ROWS: usize = $tile_rows;
                const ROW_WIDES: usize = $row_wides;

                #[inline(always)]
                fn splat(self, number: f32) -> Self::Wide {
                    [unsafe { $set(number) }; WIDE / $lanes]
                }
                #[inline(always)]
                fn load(self, from: &[f32; WIDE]) -> Self::Wide {
                    let start = from.as_ptr();
                    std::array::from_fn(|part| unsafe { $load(start.add(part * $lanes)) })
                }
                #[inline(always)]
                fn store(self, to: &mut [f32; WIDE], wide: Self::Wide) {
                    let start = to.as_mut_ptr();
                    for (part, vector) in wide.into_iter().enumerate() {
                        unsafe { $store(start.add(part * $lanes), vector) }
                    }
                }
                #[inline(always)]
                fn add(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $add(one, other) })
                }
                #[inline(always)]
                fn sub(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $sub(one, other) })
                }
                #[inline(always)]
                fn mul(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $mul(one, other) })
                }
                #[inline(always)]
                fn div(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $div(one, other) })
                }
                #[inline(always)]
                fn min(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $min(one, other) })
                }
                #[inline(always)]
                fn max(self, one: Self::Wide, other: Self::Wide) -> Self::Wide {
                    Self::each(one, other, |one, other| unsafe { $max(one, other) })
                }
                #[inline(always)]
                fn mul_add(
                    self,
                    one: Self::Wide,
                    other: Self::Wide,
                    more: Self::Wide,
                ) -> Self::Wide {
                    let mut out = more;
                    for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
                        *out = unsafe { $fma(one, other, *out) };
                    }
                    out
                }
                #[inline(always)]
                fn pow2(self, shifted: Self::Wide) -> Self::Wide {
                    Self::each(shifted, shifted, |one, _| unsafe {
                        let bits: $integers = $shift::<23>($to_bits(one));
                        $from_bits($add_bits(bits, $set_bits(0x3f80_0000)))
                    })
                }
            }
        };
    }

    simd!(
        Avx512,
        __m512,
        __m512i,
        16,
        8,
        4,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_min_ps,
        _mm512_max_ps,
        _mm512_fmadd_ps,
        _mm512_castps_si512,
        _mm512_castsi512_ps,
        _mm512_slli_epi32,
        _mm512_add_epi32,
        _mm512_set1_epi32
    );
    simd!(
        Avx2,
        __m256,
        __m256i,
        8,
        2,
        2,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_min_ps,
        _mm256_max_ps,
        _mm256_fmadd_ps,
        _mm256_castps_si256,
        _mm256_castsi256_ps,
        _mm256_slli_epi32,
        _mm256_add_epi32,
        _mm256_set1_epi32
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Curves([f32; WIDE]);

    impl Kernel for Curves {
        type Output = [[f32; WIDE]; 3];
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let x = simd.load(&self.0);
            let mut out = [[0.0; WIDE]; 3];
            for (out, wide) in out.iter_mut().zip([simd.exp(x), simd.sigmoid(x), simd.tanh(x)]) {
                simd.store(out, wide);
            }
            out
        }
    }

    #[test]
    fn the_curves_are_those_of_the_standard_library_at_every_level() {
        for level in [Level::Portable, Level::Avx2, Level::Avx512] {
            for begin in -90..90_i16 {
                let x: [f32; WIDE] = std::array::from_fn(|at| f32::from(begin) + at as f32 / 31.0);
                let [exp, sigmoid, tanh] = dispatch_at(level, Curves(x));
                for (at, x) in x.into_iter().enumerate() {
                    let held = f64::from(x).clamp(-87.0, 88.0);
                    let ratio = f64::from(exp[at]) / held.exp();
                    assert!((ratio - 1.0).abs() < 3e-7, "exp({x}) at {level:?}: {ratio}");
                    let right = 1.0 / (1.0 + (-f64::from(x)).exp());
                    assert!((f64::from(sigmoid[at]) - right).abs() < 2e-7, "sigmoid({x})");
                    assert!((f64::from(tanh[at]) - f64::from(x).tanh()).abs() < 3e-7, "tanh({x})");
                }
            }
        }
    }
}
