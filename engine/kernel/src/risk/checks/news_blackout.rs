//! The symbol has not been in the news a moment ago.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let news = proposal.state.last_news(proposal.symbol);
    let (Some(limit), Some(news)) = (proposal.limits.news_blackout, news) else {
        return Ok(());
    };
    let age = proposal.state.now().since(news);
    if age < limit { Err(Denial::NewsBlackout { age, limit }) } else { Ok(()) }
}
