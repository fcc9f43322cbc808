//! How often an attack works, with its interval, and the risk that is left after the control's share is taken off.
//!
//! Wilson's score interval ("Probable inference", JASA 22, 1927), as anonymeter uses it: the rate is the centre of the
//! interval, not the plain share. The risk is what the attack does better on the originals than on people who were never in
//! the data, over what it could do better: `R = (main - control) / (1 - control)`, its error propagated, cut to 0..=1.

/// Attempts and how many worked. Successes may be no whole number where a control of another size was scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trials {
    /// Attempts.
    pub attempts: u64,
    /// Those that worked.
    pub successes: f64,
}

/// A success rate and half the width of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessRate {
    /// Centre of the interval.
    pub value: f64,
    /// Half its width.
    pub error: f64,
}

/// A risk between 0 and 1 with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risk {
    /// Best estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The three counts of one attack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// On people of the release.
    pub main: Trials,
    /// The naive attacker's.
    pub naive: Trials,
    /// On people that were not in the data; `None` where there is no such set.
    pub control: Option<Trials>,
}

/// Two-sided 95 % of the normal distribution.
const PROBIT_95: f64 = 1.959_963_984_540_054;

/// A count as a number to divide by; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of rows and attempts are far below 2^53")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// Wilson's interval at 95 %. No attempts tell nothing: the whole range.
#[must_use]
pub fn success_rate(trials: Trials) -> SuccessRate {
    if trials.attempts == 0 {
        return SuccessRate { value: 0.5, error: 0.5 };
    }
    let (n, z) = (float(trials.attempts), PROBIT_95);
    let successes = trials.successes.clamp(0.0, n);
    let variance = successes * (n - successes) / n;
    let width = n + z * z;
    SuccessRate { value: (successes + z * z / 2.0) / width, error: z / width * (variance + z * z / 4.0).sqrt() }
}

impl Trials {
    /// The plain share of successes; 0 of no attempts.
    #[must_use]
    pub fn share(self) -> f64 {
        self.successes / float(self.attempts.max(1))
    }
}

impl SuccessRate {
    /// The rate as a risk, cut to 0..=1.
    #[must_use]
    pub fn risk(self) -> Risk {
        let cut = |value: f64| value.clamp(0.0, 1.0);
        Risk { value: cut(self.value), low: cut(self.value - self.error), high: cut(self.value + self.error) }
    }
    /// What is left over a control, with the error propagated.
    fn over(self, control: Self) -> Self {
        let room = 1.0 - control.value;
        let by_main = self.error / room;
        let by_control = control.error * (self.value - 1.0) / (room * room);
        Self { value: (self.value - control.value) / room, error: by_main.hypot(by_control) }
    }
}

impl Measured {
    /// The risk: over the control where there is one, else the rate itself.
    #[must_use]
    pub fn risk(&self) -> Risk {
        let main = success_rate(self.main);
        self.control.map_or(main, |control| main.over(success_rate(control))).risk()
    }
    /// Whether the attack is better than the naive one; where it is not, it says nothing about the release, good or bad.
    #[must_use]
    pub fn beats_naive(&self) -> bool {
        success_rate(self.main).value > success_rate(self.naive).value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats` and anonymeter 1.1.0's `success_rate` and `residual_success` for the same counts.
    #[test]
    fn rates_and_risks_are_those_of_anonymeter() {
        let trials = |attempts, successes| Trials { attempts, successes };
        let rate = success_rate(trials(500, 125.0));
        assert!((rate.value - 0.251_906_085_115).abs() < 1e-9, "{}", rate.value);
        assert!((rate.error - 0.037_857_588_367).abs() < 1e-9, "{}", rate.error);
        let measured =
            Measured { main: trials(500, 125.0), naive: trials(500, 10.0), control: Some(trials(300, 40.0)) };
        let risk = measured.risk();
        assert!((risk.value - 0.132_172_749_575).abs() < 1e-9, "{}", risk.value);
        assert!((risk.low - 0.073_596_822_819).abs() < 1e-9, "{}", risk.low);
        assert!((risk.high - 0.190_748_676_332).abs() < 1e-9, "{}", risk.high);
        assert!(measured.beats_naive());
    }

    #[test]
    fn risks_stay_between_nothing_and_all() {
        let all = Trials { attempts: 10, successes: 10.0 };
        let none = Trials { attempts: 10, successes: 0.0 };
        let risk = Measured { main: none, naive: all, control: Some(all) }.risk();
        assert_eq!((risk.value, risk.low), (0.0, 0.0));
        let risk = Measured { main: all, naive: none, control: None }.risk();
        assert!(risk.high <= 1.0 && risk.value > 0.8);
        let unknown = success_rate(Trials { attempts: 0, successes: 0.0 }).risk();
        assert_eq!((unknown.low, unknown.high), (0.0, 1.0));
    }
}
