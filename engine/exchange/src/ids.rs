//! Names and chance from a seed.

use uuid::{Builder, Uuid};

/// A stream of pseudo-random numbers: SplitMix64, whose whole state is one counter.
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream number `stream` of a seed; streams do not disturb one another.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut start = Self(seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F));
        Self(start.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        let state = self.0;
        self.0 = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(state)
    }

    /// A number from 0 to `bound` - 1; 0 for a bound of zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// The next UUID, in the form of a random one.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let random = u128::from(self.next()) << 64 | u128::from(self.next());
        Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
    }

    /// The next UUID, with a place hidden in its last 32 bits. It looks like any other, and
    /// [`place_in`] finds the place without a table.
    pub(crate) fn uuid_of(&mut self, place: u32) -> Uuid {
        let (high, low) = self.uuid().as_u64_pair();
        let hidden = u64::from(place ^ mask(high));
        Uuid::from_u64_pair(high, (low & !u64::from(u32::MAX)) | hidden)
    }
}

/// The place that [`Chance::uuid_of`] has hidden; for any other UUID a number without meaning.
pub(crate) fn place_in(id: Uuid) -> u32 {
    let (high, low) = id.as_u64_pair();
    (low as u32) ^ mask(high)
}

fn mask(high: u64) -> u32 {
    (mixed(high) >> 32) as u32
}

/// A number that the bytes of a text decide, the same in every run.
pub(crate) fn digest(text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(text.len() as u64, |state, chunk| {
        let word = chunk.iter().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
        mixed(state ^ word)
    })
}

/// The finalizer of SplitMix64.
const fn mixed(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_its_place_and_looks_like_any_uuid() {
        let mut chance = Chance::new(7, 1);
        for place in [0, 1, 2, 77_000, u32::MAX] {
            let id = chance.uuid_of(place);
            assert_eq!(place_in(id), place);
            assert_eq!(id.get_version_num(), 4);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
    }
}
