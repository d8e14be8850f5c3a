//! How far outputs are from what they should be.

use super::Target;

/// What training makes small.
#[derive(Debug, Clone, PartialEq)]
pub enum Loss {
    /// The negative logarithm of the probability of the right class, times that class's weight.
    CrossEntropy {
        /// One for each class.
        weights: Vec<f32>,
    },
    /// The square of the difference.
    Squared,
}

impl Loss {
    /// The loss of one example; the outputs become its gradient by them. A target of another kind
    /// costs nothing and teaches nothing: the dataset makes none.
    pub(super) fn gradient(&self, target: Target, outputs: &mut [f32]) -> f64 {
        match (self, target) {
            (Self::CrossEntropy { weights }, Target::Class(class)) => {
                softmax(outputs);
                let weight = weights.get(class).copied().unwrap_or(1.0);
                let right = outputs.get(class).copied().unwrap_or(1.0);
                for (number, output) in outputs.iter_mut().enumerate() {
                    *output = weight * (*output - f32::from(u8::from(number == class)));
                }
                f64::from(weight) * -f64::from(right.max(f32::MIN_POSITIVE)).ln()
            }
            (Self::Squared, Target::Value(value)) => {
                let mut loss = 0.0;
                for output in outputs.iter_mut() {
                    let off = *output - value;
                    loss += f64::from(off) * f64::from(off);
                    *output = 2.0 * off;
                }
                loss
            }
            _ => {
                outputs.fill(0.0);
                0.0
            }
        }
    }

    /// The loss of one example.
    pub fn of(&self, target: Target, outputs: &[f32]) -> f64 {
        self.gradient(target, &mut outputs.to_vec())
    }
}

/// Turns outputs into probabilities.
pub fn softmax(outputs: &mut [f32]) {
    let most = outputs.iter().copied().fold(f32::MIN, f32::max);
    outputs.iter_mut().for_each(|output| *output = (*output - most).exp());
    let sum: f32 = outputs.iter().sum();
    outputs.iter_mut().for_each(|output| *output /= sum);
}
