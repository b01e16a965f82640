//! Paging, the same in every paged query (PAGE-1).

use crate::endpoint::Message;
use crate::fields::{FieldError, Fields, Writer};

/// Rows on a page when nothing is said.
pub const DEFAULT_PAGE_SIZE: u32 = 10;
/// Most rows on a page.
pub const MAX_PAGE_SIZE: u32 = 100;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows on a page, 1 to [`MAX_PAGE_SIZE`].
    pub size: u32,
    /// Number of the page, from 1.
    pub current: u32,
    /// Whether more rows were asked for than a page may have (D-10).
    pub capped: bool,
}

impl Default for PageRequest {
    fn default() -> Self {
        PageRequest {
            size: DEFAULT_PAGE_SIZE,
            current: 1,
            capped: false,
        }
    }
}

impl PageRequest {
    /// The page `current` with as many rows as a page may have.
    pub fn largest(current: u32) -> PageRequest {
        PageRequest {
            size: MAX_PAGE_SIZE,
            current,
            capped: false,
        }
    }

    /// Rows before this page.
    pub fn offset(self) -> u64 {
        u64::from(self.size) * u64::from(self.current.saturating_sub(1))
    }

    /// What the reply says when the page was cut to the largest size (D-10); else empty.
    pub fn note(self) -> String {
        if self.capped {
            format!("pageSize 超过上限，按 {MAX_PAGE_SIZE} 返回")
        } else {
            String::new()
        }
    }

    /// Reads `pageSize` and `currentPage`.
    ///
    /// # Errors
    /// When either is below 1 or no whole number (D-10).
    pub fn read(fields: &Fields<'_>) -> Result<PageRequest, FieldError> {
        let most = i64::from(u32::MAX);
        let size = fields.optional_integer("pageSize", 1..=most)?;
        let current = fields.optional_integer("currentPage", 1..=most)?;
        let number = |given: Option<i64>, default: u32| {
            given.map_or(default, |given| u32::try_from(given).unwrap_or(u32::MAX))
        };
        let asked = number(size, DEFAULT_PAGE_SIZE);
        Ok(PageRequest {
            size: asked.min(MAX_PAGE_SIZE),
            current: number(current, 1),
            capped: asked > MAX_PAGE_SIZE,
        })
    }

    /// Writes `pageSize` and `currentPage`.
    pub fn write(self, out: &mut Writer) {
        out.integer("pageSize", i64::from(self.size));
        out.integer("currentPage", i64::from(self.current));
    }
}

/// One page of an answer (PAGE-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Every match, on whatever page.
    pub total: u64,
    /// Rows on a page.
    pub size: u32,
    /// Number of this page, from 1.
    pub current: u32,
    /// The rows; none past the end.
    pub data: Vec<T>,
}

impl<T> Page<T> {
    /// The page that answers `request`.
    pub fn answering(request: PageRequest, total: u64, data: Vec<T>) -> Page<T> {
        Page {
            total,
            size: request.size,
            current: request.current,
            data,
        }
    }

    /// Whether rows follow on later pages.
    pub fn has_more(&self) -> bool {
        u64::from(self.size) * u64::from(self.current) < self.total && !self.data.is_empty()
    }
}

impl<T: Message> Message for Page<T> {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let total = fields.optional_integer("total", 0..=i64::MAX)?;
        let page = PageRequest::read(fields)?;
        let data = fields.list("data", MAX_PAGE_SIZE as usize, T::read)?;
        let total = total.ok_or_else(|| fields.refuse("total", "应为总记录数"))?;
        Ok(Page {
            total: total.unsigned_abs(),
            size: page.size,
            current: page.current,
            data,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.integer("total", i64::try_from(self.total).unwrap_or(i64::MAX));
        out.integer("pageSize", i64::from(self.size));
        out.integer("currentPage", i64::from(self.current));
        out.list("data", &self.data, T::write);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::Tolerance;

    fn read(request: Value) -> Result<PageRequest, FieldError> {
        let object = request.as_object().unwrap().into();
        PageRequest::read(&Fields::new(&object, Tolerance::Tolerant))
    }

    /// PAGE-1
    #[test]
    fn ten_rows_of_the_first_page_when_nothing_is_said() {
        assert_eq!(read(json!({})).unwrap(), PageRequest::default());
        let third = read(json!({"pageSize": "20", "currentPage": 3})).unwrap();
        assert_eq!((third.size, third.offset()), (20, 40));
    }

    /// D-10
    #[test]
    fn more_than_a_hundred_rows_are_a_hundred_and_the_reply_says_so() {
        let page = read(json!({"pageSize": 101})).unwrap();
        assert_eq!(page.size, MAX_PAGE_SIZE);
        assert!(page.note().contains("100"));
        assert!(read(json!({"pageSize": 100})).unwrap().note().is_empty());
    }

    /// D-10
    #[test]
    fn a_page_below_one_is_refused_by_name() {
        for (request, field) in [
            (json!({"pageSize": 0}), "pageSize"),
            (json!({"currentPage": 0}), "currentPage"),
            (json!({"currentPage": "-1"}), "currentPage"),
            (json!({"pageSize": "many"}), "pageSize"),
        ] {
            assert_eq!(read(request).unwrap_err().field(), field);
        }
    }
}
