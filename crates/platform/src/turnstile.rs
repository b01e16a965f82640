//! How much one supplier, and one lot, may ask at once and over time, so that a flood of one takes
//! nothing from another. Whoever is beyond it is told at once: a vehicle waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_transport::bucket::{Bucket, Rate};
use boshi_transport::serve::TooMuch;
use tokio::time::Instant;

use crate::config::Limits;

/// Seconds' worth of a lot's rate that it may ask at once: after an outage there is more to tell.
const BURST_SECONDS: f64 = 10.0;

/// Counts who is being served. Of registered lots and suppliers only, so it has a bounded size.
#[derive(Debug)]
pub(crate) struct Turnstile {
    limits: Limits,
    served: Arc<Mutex<Served>>,
}

#[derive(Debug, Default)]
struct Served {
    suppliers: HashMap<AppId, u32>,
    lots: HashMap<LotId, OfLot>,
}

#[derive(Debug)]
struct OfLot {
    under_way: u32,
    asking: Bucket,
}

/// A request that is being served, until this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    served: Arc<Mutex<Served>>,
    supplier: AppId,
    lot: LotId,
}

impl Turnstile {
    pub(crate) fn new(limits: &Limits) -> Turnstile {
        Turnstile {
            limits: limits.clone(),
            served: Arc::default(),
        }
    }

    /// Lets in a request of `lot`, which is of `supplier`.
    ///
    /// # Errors
    /// [`TooMuch`], and then nothing is counted but that it asked.
    pub(crate) fn enter(
        &self,
        supplier: &AppId,
        lot: &LotId,
        now: Instant,
    ) -> Result<Pass, TooMuch> {
        let per_second = f64::from(self.limits.requests_per_lot.get());
        let rate = Rate {
            per_second,
            burst: per_second * BURST_SECONDS,
        };
        let mut served = lock(&self.served);
        let Served { suppliers, lots } = &mut *served;
        let of_lot = lots.entry(lot.clone()).or_insert_with(|| OfLot {
            under_way: 0,
            asking: Bucket::full(now),
        });
        if of_lot.asking.take(rate, now).is_err() {
            let sentence = format!("车场每秒请求超过 {per_second} 次，请稍后重试");
            return Err(TooMuch::TooOften(Refusal::new("LOT_TOO_OFTEN", sentence)));
        }
        if of_lot.under_way >= self.limits.under_way_per_lot.get() {
            let most = self.limits.under_way_per_lot;
            let sentence = format!("车场同时处理的请求已有 {most} 个，请稍后重试");
            return Err(TooMuch::UnderWay(Refusal::new("LOT_BUSY", sentence)));
        }
        let of_supplier = suppliers.entry(supplier.clone()).or_default();
        if *of_supplier >= self.limits.under_way_per_supplier.get() {
            let most = self.limits.under_way_per_supplier;
            let sentence = format!("供应商同时处理的请求已有 {most} 个，请稍后重试");
            return Err(TooMuch::UnderWay(Refusal::new("SUPPLIER_BUSY", sentence)));
        }
        *of_supplier += 1;
        of_lot.under_way += 1;
        Ok(Pass {
            served: Arc::clone(&self.served),
            supplier: supplier.clone(),
            lot: lot.clone(),
        })
    }

    /// How many requests are being served.
    pub(crate) fn under_way(&self) -> u32 {
        lock(&self.served).suppliers.values().sum()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut served = lock(&self.served);
        if let Some(of_lot) = served.lots.get_mut(&self.lot) {
            of_lot.under_way -= 1;
        }
        if let Some(of_supplier) = served.suppliers.get_mut(&self.supplier) {
            *of_supplier -= 1;
        }
    }
}

fn lock(served: &Mutex<Served>) -> MutexGuard<'_, Served> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;

    fn turnstile(per_supplier: u32, per_lot: u32, rate: u32) -> Turnstile {
        let number = |number| NonZeroU32::new(number).unwrap();
        Turnstile::new(&Limits {
            under_way_per_supplier: number(per_supplier),
            under_way_per_lot: number(per_lot),
            requests_per_lot: number(rate),
            ..Limits::default()
        })
    }

    fn code(refused: Result<Pass, TooMuch>) -> String {
        match refused.unwrap_err() {
            TooMuch::UnderWay(refusal) | TooMuch::TooOften(refusal) => refusal.code().to_owned(),
        }
    }

    fn names(supplier: &str, lot: &str) -> (AppId, LotId) {
        (AppId::new(supplier).unwrap(), LotId::new(lot).unwrap())
    }

    #[test]
    fn each_lot_and_each_supplier_has_its_share_and_gets_it_back() {
        let turnstile = turnstile(3, 2, 1000);
        let now = Instant::now();
        let enter = |supplier, lot| {
            let (supplier, lot) = names(supplier, lot);
            turnstile.enter(&supplier, &lot, now)
        };
        let mut passes = vec![enter("S", "L1").unwrap(), enter("S", "L1").unwrap()];
        assert_eq!(code(enter("S", "L1")), "LOT_BUSY");
        passes.push(enter("S", "L2").unwrap());
        assert_eq!(code(enter("S", "L2")), "SUPPLIER_BUSY");
        passes.push(enter("T", "L3").unwrap());
        assert_eq!(turnstile.under_way(), 4);
        passes.remove(0);
        passes.push(enter("S", "L2").unwrap());
        drop(passes);
        assert_eq!(turnstile.under_way(), 0);
    }

    #[test]
    fn a_lot_that_asks_without_a_pause_is_held_to_its_rate() {
        let turnstile = turnstile(3, 2, 5);
        let start = Instant::now();
        let (supplier, lot) = names("S", "L1");
        let enter = |millis| {
            let now = start + Duration::from_millis(millis);
            turnstile.enter(&supplier, &lot, now)
        };
        let let_in = (0..100).filter(|_| enter(0).is_ok()).count();
        assert_eq!(let_in, 50, "ten seconds' worth");
        assert_eq!(code(enter(0)), "LOT_TOO_OFTEN");
        assert!(enter(201).is_ok() && enter(201).is_err());
        let (_, other) = names("S", "L2");
        assert!(turnstile.enter(&supplier, &other, start).is_ok());
    }
}
