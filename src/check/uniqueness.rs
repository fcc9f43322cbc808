//! How many persons of a sample are alone in the population: four estimators.
//!
//! Given: the sizes of the sample's classes and the population's size, which the caller states. *Papers*: Zayatz 1991; Hoshino
//! 2001 (Pitman's model); Chen, `McNulty` 1998 (slide negative binomial); Dankar, El Emam et al. 2012 (which one to take).
//! No estimator is right everywhere; report all, and judge by the largest that is valid.

use super::special::{digamma, ln_choose, ln_gamma, trigamma};
use std::collections::BTreeMap;

/// Sizes of a sample's classes, and the population that it is drawn from.
pub struct Sample {
    /// Size to number of classes of that size.
    sizes: BTreeMap<u64, u64>,
    members: u64,
    classes: u64,
    population: u64,
}

/// Expected number of persons that are alone in the population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uniqueness {
    /// Zayatz.
    pub zayatz: Option<f64>,
    /// Pitman.
    pub pitman: Option<f64>,
    /// Slide negative binomial.
    pub snb: Option<f64>,
    /// What Dankar's rule takes.
    pub dankar: Option<f64>,
}

impl Sample {
    /// `None` if the population is smaller than the sample, or the sample is empty.
    #[must_use]
    pub fn new(members: &[u64], population: u64) -> Option<Self> {
        let mut sizes = BTreeMap::new();
        for &size in members.iter().filter(|&&size| size > 0) {
            *sizes.entry(size).or_default() += 1;
        }
        let total = members.iter().sum();
        let classes = sizes.values().sum();
        (total > 0 && population >= total).then_some(Self { sizes, members: total, classes, population })
    }
    /// Members that are alone in the sample.
    #[must_use]
    pub fn alone(&self) -> u64 {
        self.sizes.get(&1).copied().unwrap_or(0)
    }
    /// All estimates, each between 0 and the population.
    #[must_use]
    pub fn uniqueness(&self) -> Uniqueness {
        let (zayatz, pitman, snb) = (self.zayatz(), self.pitman(), self.snb());
        let dankar = if self.share() <= 0.1 {
            pitman.or(zayatz)
        } else {
            match (zayatz, snb) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, _) => one,
            }
        };
        Uniqueness { zayatz, pitman, snb, dankar }
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn share(&self) -> f64 {
        self.members as f64 / self.population as f64
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn valid(&self, estimate: f64) -> Option<f64> {
        (estimate.is_finite() && estimate >= 0.0).then(|| estimate.min(self.population as f64))
    }

    /// `s1 P / share`, P = p1 H(1; N, 1, n) / Σ `p_i` H(1; N, i, n), H hypergeometric: the chance that a class which is alone
    /// in the sample is alone in the population.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn zayatz(&self) -> Option<f64> {
        let alone = self.alone();
        if alone == 0 {
            return Some(0.0);
        }
        let all = ln_choose(self.population, self.members);
        // One of the i members of a class is drawn, and the other n - 1 come from outside it.
        let one_of = |size: u64| {
            if size > self.population || self.members > self.population - size + 1 {
                return 0.0;
            }
            ((size as f64).ln() + ln_choose(self.population - size, self.members - 1) - all).exp()
        };
        let weighted: f64 = self.sizes.iter().map(|(&size, &count)| count as f64 * one_of(size)).sum();
        self.valid(alone as f64 * (alone as f64 * one_of(1) / weighted) / self.share())
    }

    /// Pitman's sampling formula fitted by maximum likelihood: `N^α Γ(θ+1) / Γ(θ+α)`.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn pitman(&self) -> Option<f64> {
        let (theta, alpha) = self.pitman_parameters()?;
        let population = self.population as f64;
        self.valid((alpha * population.ln() + ln_gamma(theta + 1.0) - ln_gamma(theta + alpha)).exp())
    }
    /// Newton's method from Hoshino's start, halving steps that leave the domain or lower the likelihood.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    #[expect(clippy::many_single_char_names, reason = "the letters of the paper")]
    fn pitman_parameters(&self) -> Option<(f64, f64)> {
        let (n, u) = (self.members as f64, self.classes as f64);
        let s1 = self.alone() as f64;
        let s2 = self.sizes.get(&2).copied().unwrap_or(0) as f64;
        if self.alone() == 0 || s2 == 0.0 || self.classes == 1 || self.classes == self.members {
            return None;
        }
        let c = s1 * (s1 - 1.0) / s2;
        let mut theta = (n * u * c - s1 * (n - 1.0) * (2.0 * u + c)) / (2.0 * s1 * u + s1 * c - n * c);
        let mut alpha = (theta * (s1 - n) + (n - 1.0) * s1) / (n * u);
        if !(theta.is_finite() && alpha.is_finite() && 0.0 < alpha && alpha < 1.0 && theta > -alpha) {
            (theta, alpha) = (u / n.ln().max(1.0), 0.5);
        }
        let mut best = self.pitman_likelihood(theta, alpha);
        for _ in 0..200 {
            let ((gt, ga), (htt, hta, haa)) = self.pitman_slopes(theta, alpha);
            let determinant = htt * haa - hta * hta;
            // A step up hill: Newton's where the surface is curved like a summit, else along the slope.
            let (mut dt, mut da) = if determinant > 0.0 && htt < 0.0 {
                (-(haa * gt - hta * ga) / determinant, -(htt * ga - hta * gt) / determinant)
            } else {
                (gt * (theta.abs() + 1.0) / n, ga / n)
            };
            let mut moved = false;
            for _ in 0..60 {
                let (t, a) = (theta + dt, alpha + da);
                if a > 0.0 && a < 1.0 && t > -a {
                    let likelihood = self.pitman_likelihood(t, a);
                    if likelihood >= best {
                        moved = (t - theta).abs() > 1e-10 * theta.abs().max(1.0) || (a - alpha).abs() > 1e-12;
                        (theta, alpha, best) = (t, a, likelihood);
                        break;
                    }
                }
                dt /= 2.0;
                da /= 2.0;
            }
            if !moved {
                return best.is_finite().then_some((theta, alpha));
            }
        }
        best.is_finite().then_some((theta, alpha))
    }
    /// Log-likelihood without its constant: `Σ_{i<u} ln(θ+iα) - Σ_{i<n} ln(θ+i) + Σ_j s_j Σ_{i<j} ln(i-α)`, i from 1.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn pitman_likelihood(&self, theta: f64, alpha: f64) -> f64 {
        let (n, u) = (self.members as f64, self.classes as f64);
        // Rising products as quotients of gamma functions: Π (θ + iα) = α^(u-1) Γ(θ/α + u) / Γ(θ/α + 1).
        let classes = (u - 1.0) * alpha.ln() + gamma_step(theta / alpha + 1.0, u - 1.0);
        let members = gamma_step(theta + 1.0, n - 1.0);
        let sizes: f64 =
            self.sizes.iter().map(|(&size, &count)| count as f64 * gamma_step(1.0 - alpha, size as f64 - 1.0)).sum();
        classes - members + sizes
    }
    /// First and second derivatives of the log-likelihood.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn pitman_slopes(&self, theta: f64, alpha: f64) -> ((f64, f64), (f64, f64, f64)) {
        let (n, u) = (self.members as f64, self.classes as f64);
        // Σ over i of 1/(θ+iα) and its kin, i from 1 to u-1, by differences of polygamma functions at θ/α.
        let x = theta / alpha;
        let (d1, d2) = (digamma(x + u) - digamma(x + 1.0), trigamma(x + 1.0) - trigamma(x + u));
        let s10 = d1 / alpha;
        let s20 = d2 / (alpha * alpha);
        let s11 = ((u - 1.0) - theta * s10) / alpha;
        let s21 = (s10 - theta * s20) / alpha;
        let s22 = (s11 - theta * s21) / alpha;
        let (m1, m2) = (digamma(theta + n) - digamma(theta + 1.0), trigamma(theta + 1.0) - trigamma(theta + n));
        let mut ga = s11;
        let mut haa = -s22;
        for (&size, &count) in &self.sizes {
            let (size, count) = (size as f64, count as f64);
            ga -= count * (digamma(size - alpha) - digamma(1.0 - alpha));
            haa -= count * (trigamma(1.0 - alpha) - trigamma(size - alpha));
        }
        ((s10 - m1, ga), (m2 - s20, -s21, haa))
    }

    /// Slide negative binomial: class sizes of the population are 1 + a negative binomial, thinned by the sampling share.
    /// With r and p fitted to the sample's classes, classes alone and members: `K p^r` for K classes in the population.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn snb(&self) -> Option<f64> {
        let share = self.share();
        if self.members == self.population {
            return Some(self.alone() as f64);
        }
        let (classes, alone) = (self.classes as f64, self.alone() as f64);
        // Let G(z) = z (p / (1 - (1-p) z))^r be the generating function of a population class's size. A class of the
        // population is drawn not at all with chance G(1-share), once with share G'(1-share). K (1 + r(1-p)/p) is N.
        let population = self.population as f64;
        let expected = |r: f64, p: f64| {
            let z = 1.0 - share;
            let base = p / (1.0 - (1.0 - p) * z);
            let g = z * base.powf(r);
            let slope = base.powf(r) * (1.0 + z * r * (1.0 - p) / (1.0 - (1.0 - p) * z));
            let all = population / (1.0 + r * (1.0 - p) / p);
            (all * (1.0 - g), all * share * slope, all)
        };
        // For each r the p that gives the sample's classes (they grow with p), then the r that gives those alone.
        let fitted = |r: f64| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..100 {
                let p = f64::midpoint(low, high);
                if expected(r, p).0 < classes { low = p } else { high = p }
            }
            f64::midpoint(low, high)
        };
        let off = |x: f64| expected(x.exp(), fitted(x.exp())).1 - alone;
        let grid = (0..=80).map(|step| -8.0 + 0.2 * f64::from(step));
        let points: Vec<(f64, f64)> = grid.map(|x| (x, off(x))).filter(|(_, off)| off.is_finite()).collect();
        let crossing = points.windows(2).find(|pair| (pair[0].1 > 0.0) != (pair[1].1 > 0.0))?;
        let (mut low, mut high) = (crossing[0].0, crossing[1].0);
        for _ in 0..60 {
            let x = f64::midpoint(low, high);
            if (off(x) > 0.0) == (crossing[0].1 > 0.0) { low = x } else { high = x }
        }
        let r = f64::midpoint(low, high).exp();
        let p = fitted(r);
        self.valid(expected(r, p).2 * p.powf(r))
    }
}

/// Share of the population that is alone in it: the largest valid estimate from the sizes of a sample's classes. A sample
/// in which nobody is alone tells of none; where no estimate is valid the share is 1, so that a limit never holds by mistake.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub fn share(members: &[u64], population: u64) -> f64 {
    if !members.contains(&1) {
        return 0.0;
    }
    let Some(sample) = Sample::new(members, population) else { return 1.0 };
    let found = sample.uniqueness();
    let valid = [found.zayatz, found.pitman, found.snb].into_iter().flatten();
    valid.max_by(f64::total_cmp).map_or(1.0, |most| most / population as f64)
}

/// ln Γ(x + steps) - ln Γ(x), for a whole number of steps.
fn gamma_step(x: f64, steps: f64) -> f64 {
    ln_gamma(x + steps) - ln_gamma(x)
}
