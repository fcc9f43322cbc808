//! Privacy noise: randomness that nobody can draw again.
//!
//! Responsible for: Laplace and Gaussian noise from the system's source. Given: a scale, nothing else; there is no seed
//! constructor. It never makes a released number: floating-point noise has gaps that tell (Mironov 2012), so the caller
//! rounds what it releases to the grid that its profile declares.

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng};

use crate::error::{Error, ErrorKind, Result};

/// Noise from a generator that the system seeds with 256 bits, and again after every [`SystemNoise::RESEED`] numbers.
/// No `Debug`, no `Clone`: a copy would draw the same noise twice.
pub struct SystemNoise {
    generator: StdRng,
    left: u32,
}

impl SystemNoise {
    /// Numbers between two seedings: what is learned of one state says nothing of noise long past or far ahead.
    pub const RESEED: u32 = 1 << 16;

    /// Seeded by the system.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] if the system gives no random bytes.
    pub fn new() -> Result<Self> {
        let generator = StdRng::try_from_rng(&mut SysRng)
            .map_err(|_| Error::new(ErrorKind::Key("the system gives no random bytes")))?;
        Ok(Self { generator, left: Self::RESEED })
    }

    /// Noise with density `exp(-|x| / scale) / (2 scale)`.
    ///
    /// # Panics
    /// If `scale` is negative or not finite.
    pub fn laplace(&mut self, scale: f64) -> f64 {
        assert!(scale.is_finite() && scale >= 0.0, "a scale is finite and not negative");
        let bits = self.next_u64();
        let size = -scale * self.above_zero().ln();
        if bits & 1 == 0 { size } else { -size }
    }

    /// Noise of the normal distribution with mean 0 (Box and Muller 1958).
    ///
    /// # Panics
    /// If `sigma` is negative or not finite.
    pub fn gaussian(&mut self, sigma: f64) -> f64 {
        assert!(sigma.is_finite() && sigma >= 0.0, "a standard deviation is finite and not negative");
        let radius = (-2.0 * self.above_zero().ln()).sqrt();
        let angle = std::f64::consts::TAU * self.above_zero();
        sigma * radius * angle.cos()
    }

    /// Even in (0, 1]: 64 bits and a half, so that the logarithm is finite and the tail reaches 45 scales.
    fn above_zero(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "rounding to the nearest is meant")]
        let number = self.next_u64() as f64;
        (number + 0.5) * 0.5_f64.powi(64)
    }

    fn next_u64(&mut self) -> u64 {
        if self.left == 0 {
            // If the system fails now, the old state is still 256 secret bits: go on, and try again at the next number.
            if let Ok(generator) = StdRng::try_from_rng(&mut SysRng) {
                self.generator = generator;
                self.left = Self::RESEED;
            }
        }
        self.left = self.left.saturating_sub(1);
        self.generator.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chance that a sound source fails one of these tests.
    const ALPHA: f64 = 1e-6;
    const DRAWS: u32 = 40_000;

    /// Greatest distance of the sample's distribution function from `distribution` (Kolmogorov and Smirnov).
    fn distance(mut sample: Vec<f64>, distribution: impl Fn(f64) -> f64) -> f64 {
        sample.sort_by(f64::total_cmp);
        let count = sample.len() as f64;
        sample.iter().enumerate().fold(0.0, |worst, (index, &value)| {
            let expected = distribution(value);
            worst.max((expected - index as f64 / count).abs()).max(((index + 1) as f64 / count - expected).abs())
        })
    }

    /// Massart 1990: P(distance > limit) <= 2 exp(-2 n limit^2).
    fn limit() -> f64 {
        ((2.0 / ALPHA).ln() / (2.0 * f64::from(DRAWS))).sqrt()
    }

    fn laplace_distribution(value: f64, scale: f64) -> f64 {
        let tail = 0.5 * (-value.abs() / scale).exp();
        if value < 0.0 { tail } else { 1.0 - tail }
    }

    /// By Simpson's rule from 0, 400 steps: exact to 1e-9 within 8 sigma.
    fn normal_distribution(value: f64, sigma: f64) -> f64 {
        let end = (value / sigma).clamp(-8.0, 8.0);
        let step = end / 400.0;
        let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        let inner: f64 =
            (1..400).map(|index| if index % 2 == 1 { 4.0 } else { 2.0 } * density(f64::from(index) * step)).sum();
        0.5 + step / 3.0 * (density(0.0) + inner + density(end))
    }

    #[test]
    fn laplace_is_laplace_of_that_scale() {
        let mut noise = SystemNoise::new().unwrap();
        let sample: Vec<f64> = (0..DRAWS).map(|_| noise.laplace(3.0)).collect();
        assert!(distance(sample.clone(), |value| laplace_distribution(value, 3.0)) < limit());
        assert!(distance(sample.clone(), |value| laplace_distribution(value, 3.5)) > limit(), "the test can fail");
        assert!(distance(sample, |value| normal_distribution(value, 3.0 * 2.0_f64.sqrt())) > limit());
    }

    #[test]
    fn gaussian_is_normal_of_that_sigma() {
        let mut noise = SystemNoise::new().unwrap();
        let sample: Vec<f64> = (0..DRAWS).map(|_| noise.gaussian(2.0)).collect();
        assert!(distance(sample.clone(), |value| normal_distribution(value, 2.0)) < limit());
        assert!(distance(sample.clone(), |value| normal_distribution(value, 2.3)) > limit(), "the test can fail");
        assert!(distance(sample, |value| laplace_distribution(value, 2.0 / 2.0_f64.sqrt())) > limit());
    }

    #[test]
    fn two_sources_never_agree_and_a_new_seed_comes_in_time() {
        let (mut one, mut other) = (SystemNoise::new().unwrap(), SystemNoise::new().unwrap());
        assert_ne!(one.next_u64(), other.next_u64());
        let mut continued = StdRng::from_seed([1; 32]);
        let mut noise = SystemNoise { generator: StdRng::from_seed([1; 32]), left: 2 };
        assert_eq!([noise.next_u64(), noise.next_u64()], [continued.next_u64(), continued.next_u64()]);
        assert_ne!(noise.next_u64(), continued.next_u64());
        assert_eq!(noise.left, SystemNoise::RESEED - 1);
    }

    #[test]
    fn no_scale_no_noise_and_all_noise_is_finite() {
        let mut noise = SystemNoise::new().unwrap();
        assert!((0..100).all(|_| noise.laplace(0.0) == 0.0 && noise.gaussian(0.0) == 0.0));
        assert!((0..100_000).all(|_| noise.laplace(1e300).is_finite() && noise.gaussian(1e300).is_finite()));
    }

    #[test]
    #[should_panic(expected = "finite and not negative")]
    fn a_negative_scale_is_refused() {
        SystemNoise::new().unwrap().laplace(-1.0);
    }
}
