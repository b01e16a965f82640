//! Requests between both sides: made, carried, answered, lost.

use std::time::Duration;

use boshi_gateway::lot::Input;
use boshi_gateway::played::Step;
use boshi_platform::commands::{self, NotSent};
use boshi_transport::call::Fault;
use tokio::sync::oneshot;

use crate::chaos::Side;
use crate::network::Fate;
use crate::watch::{ABNORMAL, digest};
use crate::wire::{Parcel, Reply};
use crate::world::{Back, Going, Parked, Planned, World};

/// How long it takes until a machine says that nobody listens there.
const NOBODY: Duration = Duration::from_millis(2);

/// Something that a side does and that makes requests.
pub(crate) struct Task {
    pub(crate) side: Side,
    pub(crate) run: u64,
    /// For the story.
    pub(crate) what: &'static str,
    pub(crate) going: Going,
}

/// How it ended.
pub(crate) enum Ended {
    Pushed(Box<Input>),
    Beaten,
    Asked { succeeded: bool },
    Given(Result<commands::End, NotSent>),
}

/// A request that nobody has told anything of yet.
pub(crate) struct Exchange {
    task: u64,
    reply: oneshot::Sender<Reply>,
}

/// What a task comes to.
enum Next {
    Asks(Parcel),
    Ends(Ended),
}

impl World {
    /// Begins something, and goes on as far as that goes without the other side.
    pub(crate) fn begin(&mut self, task: Task) {
        let number = self.number();
        self.tasks.insert(number, task);
        self.goes_on(number);
    }

    fn goes_on(&mut self, number: u64) {
        let Some(mut task) = self.tasks.remove(&number) else {
            return;
        };
        let before = match task.side {
            Side::Property => self.property.before_it_goes_on(),
            Side::Supplier => None,
        };
        let parcels = &mut self.parcels;
        let next = self.runtime.block_on(async {
            tokio::select! {
                biased;
                Some(parcel) = parcels.recv() => Next::Asks(parcel),
                ended = &mut task.going => Next::Ends(ended),
            }
        });
        if let Some(before) = before
            && self.property.ends_in_that(&before, &mut self.random)
        {
            self.account.alone += 1;
            let line = || {
                format!(
                    "! the platform ends in what it does by itself: {}",
                    task.what
                )
            };
            self.story.tell(self.at, line);
            return self.property_is_down();
        }
        match next {
            Next::Asks(parcel) => {
                let side = task.side;
                self.tasks.insert(number, task);
                self.sends(number, side, parcel);
            }
            Next::Ends(ended) => self.ended(task.side, task.run, ended),
        }
    }

    fn sends(&mut self, task: u64, from: Side, parcel: Parcel) {
        let Parcel {
            path,
            body,
            timeout,
            reply,
        } = parcel;
        let exchange = self.number();
        self.account.requests += 1;
        if path == ABNORMAL {
            *self.account.abnormal.entry(digest(&body)).or_default() += 1;
        }
        let weather = self.ways[from as usize];
        let fate = Fate::of(weather, timeout, &mut self.random);
        let is_plain = fate.arrives.len() == 1 && fate.reply.is_some() && !fate.torn;
        if !is_plain {
            self.account.accidents += 1;
            let line = || format!("{path} {exchange} from {from:?}: {fate:?}");
            self.story.tell(self.at, line);
        }
        let to = match from {
            Side::Supplier => Side::Property,
            Side::Property => Side::Supplier,
        };
        let mut back = fate.reply.map(|after| Back {
            after,
            torn: fate.torn,
        });
        for after in fate.arrives {
            let (body, back) = (body.clone(), back.take());
            let delivered = Planned::Delivered {
                exchange,
                to,
                path,
                body,
                back,
            };
            self.plan(self.at + after, delivered);
        }
        if let Some((after, fault)) = fate.fault {
            self.plan(self.at + after, Planned::Replied(exchange, Err(fault)));
        }
        let given_up = Planned::Replied(exchange, Err(Fault::Timeout));
        self.plan(self.at + timeout, given_up);
        self.exchanges.insert(exchange, Exchange { task, reply });
    }

    pub(crate) fn delivered(
        &mut self,
        exchange: u64,
        to: Side,
        path: &'static str,
        body: String,
        back: Option<Back>,
    ) {
        let is_up = match to {
            Side::Supplier => self.supplier.played.is_some(),
            Side::Property => self.property.played.is_some(),
        };
        if !is_up {
            let nobody = Fault::Network("refused".to_owned());
            if back.is_some() {
                self.plan(self.at + NOBODY, Planned::Replied(exchange, Err(nobody)));
            }
            return;
        }
        match to {
            Side::Property => self.property_serves(exchange, path, body, back),
            Side::Supplier => self.supplier_serves(exchange, path, body, back),
        }
    }

    fn supplier_serves(
        &mut self,
        exchange: u64,
        path: &'static str,
        body: String,
        back: Option<Back>,
    ) {
        let entered = self.runtime.enter();
        let played = self.supplier.played.as_ref().expect("the gateway runs");
        let serving = played.serve(path.to_owned(), body.clone());
        drop(entered);
        let parked = Parked {
            serving,
            exchange,
            path,
            body,
            back,
        };
        match self.parked.iter().any(|it| it.is_the_same_as(&parked)) {
            true => {
                self.account.commands_again += 1;
                self.repeated.push(parked);
            }
            false => self.go_on_serving(parked),
        }
    }

    fn go_on_serving(&mut self, mut parked: Parked) {
        let played = self.supplier.played.as_mut().expect("the gateway runs");
        match self.runtime.block_on(played.step(&mut parked.serving)) {
            Step::Answered(status, body) => self.answers(&parked, (status, body)),
            Step::Turn(turn, told) => {
                if self.turn(turn) {
                    told.is_on_disk();
                    self.parked.push(parked);
                    self.answer_commands();
                }
            }
        }
    }

    /// Those are answered who do not wait for a barrier any more.
    pub(crate) fn answer_commands(&mut self) {
        while let Some(played) = self.supplier.played.as_mut()
            && self.parked.len() > played.commands()
        {
            let waiting = self.parked.iter_mut().map(|it| &mut it.serving).collect();
            let first = self.runtime.block_on(played.first_of(waiting));
            let (place, status, body) = first;
            let parked = self.parked.remove(place);
            self.answers(&parked, (status, body));
        }
    }

    fn answers(&mut self, parked: &Parked, (status, body): (u16, Vec<u8>)) {
        let body = self.supplier.spoiled.replied(parked.path, body);
        self.goes_back(parked.exchange, parked.back, (status, body));
        // Whoever said the same meanwhile gets the same answer (D-5).
        let again = |it: &mut Parked| it.is_the_same_as(parked);
        for parked in self.repeated.extract_if(.., again).collect::<Vec<_>>() {
            self.go_on_serving(parked);
        }
    }

    pub(crate) fn goes_back(
        &mut self,
        exchange: u64,
        back: Option<Back>,
        (status, mut body): (u16, Vec<u8>),
    ) {
        let Some(Back { after, torn }) = back else {
            return;
        };
        if torn {
            body.truncate(body.len() / 2);
        }
        self.plan(
            self.at + after,
            Planned::Replied(exchange, Ok((status, body))),
        );
    }

    /// Whoever made a request is told of it, if he was not before.
    pub(crate) fn replied(&mut self, exchange: u64, reply: Reply) {
        let Some(Exchange { task, reply: to }) = self.exchanges.remove(&exchange) else {
            return;
        };
        // The side may have ended meanwhile.
        if to.send(reply).is_ok() {
            self.goes_on(task);
        }
    }
}
