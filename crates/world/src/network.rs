//! The way between both sides, which fails in every way that ways fail.

use std::time::Duration;

use boshi_transport::call::Fault;
use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

/// How the way from one side to the other is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
    /// Nobody listens.
    Refusing,
    /// Nothing gets there, and nobody says so.
    Silent,
    /// Something in between answers with HTTP 502.
    Failing,
    /// Everything gets there, and most replies get lost, with a reset or with silence.
    Deaf,
    /// Most of it takes long, often longer than anybody waits: later requests get there before.
    Dragging,
    /// Much gets there more than once, perhaps much later.
    Stuttering,
    /// Replies come torn.
    Garbling,
}

impl Weather {
    pub(crate) const BAD: [Weather; 7] = [
        Weather::Refusing,
        Weather::Silent,
        Weather::Failing,
        Weather::Deaf,
        Weather::Dragging,
        Weather::Stuttering,
        Weather::Garbling,
    ];
}

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// When it gets there, each time; who made it is answered the first time only.
    pub(crate) arrives: Vec<Duration>,
    /// How long the reply takes; nothing when it gets lost.
    pub(crate) reply: Option<Duration>,
    /// When whoever made it is told that it failed, before the time is over.
    pub(crate) fault: Option<(Duration, Fault)>,
    /// The reply comes torn.
    pub(crate) torn: bool,
}

const MS: fn(u64) -> Duration = Duration::from_millis;

impl Fate {
    /// What becomes of a request that is waited for as long as `timeout`.
    pub(crate) fn of(weather: Weather, timeout: Duration, random: &mut Xoshiro256PlusPlus) -> Fate {
        let mut fate = Fate {
            arrives: vec![MS(random.random_range(5..90))],
            reply: Some(MS(random.random_range(5..90))),
            fault: None,
            torn: false,
        };
        let mut is = |weather_is: Weather, then: f64, fine: f64| {
            random.random_bool(if weather == weather_is { then } else { fine })
        };
        let refused = is(Weather::Refusing, 1.0, 0.001);
        let lost = is(Weather::Silent, 1.0, 0.002);
        let failed = is(Weather::Failing, 1.0, 0.001);
        let deaf = is(Weather::Deaf, 0.7, 0.003);
        let late = is(Weather::Dragging, 0.7, 0.003);
        let again = is(Weather::Stuttering, 0.5, 0.005);
        fate.torn = is(Weather::Garbling, 0.7, 0.001);
        if refused || failed {
            let fault = match refused {
                true => Fault::Network("refused".to_owned()),
                false => Fault::Status(502),
            };
            fate.arrives.clear();
            fate.fault = Some((MS(random.random_range(1..60)), fault));
            return fate;
        }
        if lost {
            fate.arrives.clear();
            return fate;
        }
        if late {
            let most = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            fate.arrives[0] = MS(random.random_range(0..2 * most));
        }
        if deaf {
            fate.reply = None;
            // A reset says so; one that is half open does not.
            if random.random_bool(0.5) {
                let after = fate.arrives[0] + MS(random.random_range(1..60));
                fate.fault = Some((after, Fault::Network("reset".to_owned())));
            }
        }
        if again {
            let most = [200, 5_000, 120_000, 3_600_000];
            let most = most[random.random_range(0..most.len())];
            let once_more = fate.arrives[0] + MS(random.random_range(1..most));
            fate.arrives.push(once_more);
        }
        fate
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn each_weather_does_what_it_is_called_for() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let timeout = MS(2_000);
        let mut share = |weather, what: fn(&Fate) -> bool| {
            let fates = (0..1_000).map(|_| Fate::of(weather, timeout, &mut random));
            fates.filter(what).count()
        };
        assert_eq!(share(Weather::Silent, |it| it.arrives.is_empty()), 1_000);
        assert_eq!(share(Weather::Refusing, |it| it.fault.is_some()), 1_000);
        assert_eq!(share(Weather::Failing, |it| it.fault.is_some()), 1_000);
        assert!(share(Weather::Deaf, |it| it.reply.is_none()) > 600);
        assert!(
            share(Weather::Dragging, |it| it.arrives.first()
                > Some(&MS(2_000)))
                > 200
        );
        assert!(share(Weather::Stuttering, |it| it.arrives.len() == 2) > 400);
        assert!(share(Weather::Garbling, |it| it.torn) > 600);
        let fine = |it: &Fate| it.arrives.len() == 1 && it.reply.is_some() && !it.torn;
        assert!((950..1_000).contains(&share(Weather::Fine, fine)));
    }
}
