//! Spaces, what could not be pushed, stays and payments.

use serde_json::{Map, Value, json};

use super::Supplier;
use super::world::JPEG;
use crate::broken::door::{Answer, Refusal};
use crate::draft::object;
use crate::endpoint::{PERIOD_FIELDS, PLACE_STATES, fault};

/// Which rows are asked for.
struct Paging {
    size: usize,
    current: usize,
    note: &'static str,
}

impl Supplier {
    pub(super) fn places(&self, query: &Map<String, Value>) -> Answer {
        let text = |name: &str| query.get(name).and_then(Value::as_str);
        let (status, number) = (text("placeStatus"), text("placeNo"));
        let is_known = |status| PLACE_STATES.contains(&status) || self.has("takes any status");
        if status.is_some_and(|status| !is_known(status)) {
            return Err("placeStatus 未定义".into());
        }
        let ignores = self.has("ignores the status");
        let either = self.has("either filter is enough") && status.is_some() && number.is_some();
        let fits = |place: &&Map<String, Value>| {
            let has = |name: &str, wanted: Option<&str>| {
                wanted.is_none_or(|wanted| place[name] == wanted)
            };
            let (by_status, by_number) = (
                ignores || has("placeStatus", status),
                self.has("ignores the number") || has("placeNo", number),
            );
            if either {
                by_status || by_number
            } else {
                by_status && by_number
            }
        };
        let mut rows: Vec<Map<String, Value>> =
            self.world().places.iter().filter(fits).cloned().collect();
        if self.has("forgets a space") {
            rows.retain(|row| row["placeStatus"] != "unusual");
        }
        for row in rows.iter_mut().filter(|_| self.has("states in Chinese")) {
            row.insert("placeStatus".to_owned(), "空置".into());
        }
        if self.has("pictures are hexadecimal") {
            let hexadecimal: String = JPEG.iter().map(|byte| format!("{byte:02x}")).collect();
            for row in &mut rows {
                row.insert("image".to_owned(), hexadecimal.clone().into());
            }
        }
        self.page(&rows, query)
    }

    pub(super) fn failed(&self, query: &Map<String, Value>, is_recognition: bool) -> Answer {
        let text = |name: &str| query.get(name).and_then(Value::as_str).unwrap_or_default();
        let lenient = self.has("does without beginTime") && !query.contains_key("beginTime")
            || self.has("takes any form of beginTime") && query.contains_key("beginTime");
        if let Some((why, _)) = fault(query, PERIOD_FIELDS).filter(|_| !lenient) {
            return Err(Refusal::Bad(why));
        }
        let now = self.0.door.now();
        let (begin, end) = (text("beginTime"), text("endTime"));
        let end = if end.is_empty() { now.as_str() } else { end };
        // Times of the wire sort as texts.
        if begin > end && !self.has("takes a reversed period") {
            return Err("beginTime 晚于 endTime".into());
        }
        if self.has("holds no failed pushes") {
            return self.page(&[], query);
        }
        let excludes = self.has("excludes the end of the period");
        let mut world = self.world();
        let ignores = self.has("ignores the period");
        let lies_within = |at: &str| ignores || at >= begin && (at < end || at == end && !excludes);
        let found = world
            .failed
            .iter()
            .filter(|it| it.is_recognition == is_recognition && lies_within(&it.at));
        let mut rows: Vec<Map<String, Value>> = found.map(|it| it.fields.clone()).collect();
        for row in rows
            .iter_mut()
            .filter(|_| self.has("failed pushes without colour"))
        {
            row.shift_remove("color");
        }
        let answer = self.page(&rows, query);
        if self.has("forgets what was asked for") && !rows.is_empty() {
            world
                .failed
                .retain(|it| it.is_recognition != is_recognition || !lies_within(&it.at));
        }
        answer
    }

    pub(super) fn stays(&self, query: &Map<String, Value>) -> Answer {
        let kind = query
            .get("recordType")
            .and_then(Value::as_str)
            .unwrap_or("A|B");
        if !["A", "B", "A|B", "A&B"].contains(&kind) {
            return Err("recordType 未定义".into());
        }
        if query.contains_key("recordType") && self.has("knows no record types") {
            return Err("recordType 未定义".into());
        }
        let mut page = self.page(&[], query)?;
        if self.has("stays without a total") {
            page.shift_remove("total");
        }
        Ok(page)
    }

    pub(super) fn payments(&self, query: &Map<String, Value>) -> Answer {
        let mut page = self.page(&[], query)?;
        if !self.has("payments without an amount") {
            page.insert("totalAmount".to_owned(), "0.00".into());
        }
        Ok(page)
    }

    fn page(&self, rows: &[Map<String, Value>], query: &Map<String, Value>) -> Answer {
        let Paging {
            size,
            current,
            note,
        } = self.paging(query)?;
        let mut before = size * (current - 1);
        if self.has("pages are off by one") {
            before = before.saturating_sub(1);
        }
        let data: Vec<&Map<String, Value>> = rows.iter().skip(before).take(size).collect();
        let total = if self.has("total of the page only") {
            data.len()
        } else {
            rows.len()
        };
        let mut page = object(json!({
            "total": total, "pageSize": size, "currentPage": current, "data": data,
        }));
        if !note.is_empty() {
            page.insert("respDesc".to_owned(), note.into());
        }
        Ok(page)
    }

    fn paging(&self, query: &Map<String, Value>) -> Result<Paging, Refusal> {
        let asked = |name: &str, default: i64| match query.get(name) {
            None => Ok(default),
            Some(value) => {
                let digits = value.as_str().and_then(|text| text.parse().ok());
                let lax = self
                    .has("an unreadable page size is ten")
                    .then_some(default);
                value
                    .as_i64()
                    .or(digits)
                    .or(lax)
                    .ok_or_else(|| format!("{name} 应为整数"))
            }
        };
        let default = if self.has("twenty rows by default") {
            20
        } else {
            10
        };
        let (size, current) = (asked("pageSize", default)?, asked("currentPage", 1)?);
        let unbound = self.has("no bound on pages");
        let least = i64::from(self.has("serves pages below one"));
        let (size, current) = (size.max(least), current.max(least));
        if size < 1 || current < 1 {
            return Err("分页参数应不小于 1".into());
        }
        let most = if unbound { i64::MAX } else { 100 };
        let note = if size > most {
            "pageSize 超过上限，按 100 返回"
        } else {
            ""
        };
        let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Paging {
            size: number(size.min(most)),
            current: number(current),
            note,
        })
    }
}
