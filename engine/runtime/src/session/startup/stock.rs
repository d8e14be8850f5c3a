//! Taking stock: what the account holds, and what became of every order while we were away.

use super::super::SessionError;
use super::super::courier::Errand;
use super::super::desk::{Desk, next_order_message};
use super::connect::SYMBOLS_CHECKED;
use crate::alpaca::OrderStreamMessage;
use kernel::{Command, Input, Link, OrderNumber, Report, ReportKind, Timestamp, TradingState};

impl Desk {
    /// Waits until the order stream is up: without it nothing may be sent.
    pub(super) async fn await_orders(&mut self) -> Result<(), SessionError> {
        loop {
            match next_order_message(&mut self.orders).await? {
                OrderStreamMessage::Up => break,
                OrderStreamMessage::Down { reason } => {
                    self.message = Some(format!("waiting for the order stream: {reason}"));
                    self.publish();
                }
                OrderStreamMessage::Report { .. }
                | OrderStreamMessage::OtherSession { .. }
                | OrderStreamMessage::Unreadable { .. }
                | OrderStreamMessage::Fatal(_) => {}
            }
        }
        self.message = None;
        self.feed_in_turn(Desk::link(Link::Orders, true)).await
    }

    /// The errand that finds out what the broker says of the session's assets today.
    pub(super) fn assets_wanted(&self) -> Errand {
        let symbols = self.core.state().symbols();
        let named = symbols.ids().zip(symbols.names().map(Into::into));
        Errand::Assets(named.take(SYMBOLS_CHECKED).collect())
    }

    /// Finds out what became of every order, and what the account holds; gives what must still be
    /// found out in the background. In real time the books are compared there too, once the
    /// account has caught up with what was booked here; entries wait for that.
    pub(super) async fn take_stock(&mut self, in_turn: bool) -> Result<Vec<Errand>, SessionError> {
        for order in self.core.unanswered_orders() {
            // It may have been sent or not: the journal is written before the request.
            let report = answer_lost(order.number(), self.core.state().now());
            self.feed_in_turn(Input::Report(report)).await?;
        }
        // A split of before is not a difference.
        self.run_in_turn(self.core.actions_wanted()).await?;
        if in_turn || !self.core.state().account_is_open() {
            self.reconcile_in_turn().await?;
        } else {
            self.run_in_turn(Errand::ReadAll(self.core.sent_orders())).await?;
        }
        let mut later = Vec::new();
        for target in self.core.unanswered_orders() {
            if in_turn {
                self.run_in_turn(Errand::Find(target)).await?;
            } else {
                later.push(Errand::Find(target));
            }
        }
        self.renew_cancels().await?;
        Ok(later)
    }

    /// A cancel that was under way when the session went down may never have been sent: the kernel
    /// asks for it again.
    async fn renew_cancels(&mut self) -> Result<(), SessionError> {
        let canceling = self.core.state().live_orders().filter(|order| order.cancel_requested);
        let canceling: Vec<_> = canceling.map(|order| order.number).collect();
        let is_renewed = !canceling.is_empty();
        for order in canceling {
            let text = "the session was restarted, and the cancel may not have been sent";
            if let Some(report) = self.core.cancel_failed(order, text.into()) {
                self.feed_in_turn(Input::Report(report)).await?;
            }
        }
        let reason = "goes on after a restart".into();
        let state = self.core.state();
        // An operator who flattens halts; a shutdown policy that does so leaves trading as it was.
        let command = match (state.is_flattening(), state.trading_state()) {
            (true, TradingState::Halted) => Command::Flatten { reason },
            (true, _) if is_renewed => Command::CancelAll { reason },
            (true | false, _) => return Ok(()),
        };
        self.feed_in_turn(Input::Command(command)).await
    }
}

fn answer_lost(order: OrderNumber, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::AnswerLost,
        time,
        execution: None,
        cumulative: None,
        text: None,
    }
}
