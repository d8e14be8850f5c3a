//! Outputs that are left out while training.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// Leaves out a share of every layer's outputs, and makes the rest larger by as much.
///
/// What is left out depends on the seed, the layer and the example alone: not on the batch, the
/// number of threads, or what was trained before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The share that is left out, from 0 to below 1.
    pub rate: f32,
    /// Another one for every epoch.
    pub seed: u64,
}

impl Dropout {
    /// Writes the factors of a layer's outputs: steps outermost, then examples, then units.
    pub(crate) fn draw(
        self,
        examples: impl Iterator<Item = u64>,
        (layer, steps, units): (usize, usize, usize),
        factors: &mut Vec<f32>,
    ) {
        let mut randoms: Vec<_> = examples.map(|example| self.random(layer, example)).collect();
        // Thirty-two bits of each number that is drawn decide about one output.
        let limit = (f64::from(self.rate) * 4_294_967_296.0) as u32;
        let factor = (1.0 - self.rate).recip();
        for _ in 0..steps {
            for random in &mut randoms {
                let kept = (0..units).map(|_| if random.next_u32() < limit { 0.0 } else { factor });
                factors.extend(kept);
            }
        }
    }

    fn random(self, layer: usize, example: u64) -> Xoshiro256PlusPlus {
        // Odd multipliers spread the numbers over all bits; seeding mixes them once more.
        let layer = (layer as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let example = example.wrapping_mul(0xd1b5_4a32_d192_ed03);
        Xoshiro256PlusPlus::seed_from_u64(self.seed ^ layer ^ example)
    }
}
