//! Each kind of message is tried in some world.

use super::record::fields;
use super::worlds::{
    BEGUN, GAP, IN_THE_NEWS, MINUTES_OF_BARS, OVER_NIGHT, REFUSING, RENAMED, REVERSED,
    STREAM_REFUSING, TICKS,
};
use exchange::server::Point;
use std::collections::BTreeSet;

/// What is not tried, and why.
const NOT_TRIED: &[(&str, &str)] = &[
    ("request", "every request, each of which is tried by its own name"),
    ("cancel", "its answer is empty"),
    ("cancel_all", "no session reads a 207: it cancels what it knows, one by one"),
    ("close", "no session reads a 207: it closes positions by orders of its own"),
    ("daily_bar", "no session asks the stream for it"),
    ("market_data", "every element, each of which is tried by its own name"),
    ("step", "no message"),
];

/// Answers of one kind of request that are messages of their own, by their first field; of what happens
/// to shares by the kind of it.
const ANSWERS: [&str; 6] = [
    "history bars",
    "history news",
    "history trades",
    "request corporate_actions.forward_splits",
    "request corporate_actions.name_changes",
    "request corporate_actions.reverse_splits",
];

/// Which of the answers has a field.
fn answer_of(point: Point, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('.').collect();
    let answer = match (point, parts.as_slice()) {
        (Point::History, ["next_page_token", ..]) => return None,
        (Point::History, [first, ..]) => (*first).to_owned(),
        (Point::Request, [first, second, _, ..]) => format!("{first}.{second}"),
        _ => return None,
    };
    Some(format!("{} {answer}", point.as_str()))
}

/// Whoever adds a kind of message adds it to a world, or says why not.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_message_is_tried_in_some_world() {
    let (mut tried, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for world in [
        MINUTES_OF_BARS,
        TICKS,
        BEGUN,
        GAP,
        IN_THE_NEWS,
        OVER_NIGHT,
        REVERSED,
        RENAMED,
        REFUSING,
        STREAM_REFUSING,
    ] {
        for (point, paths) in fields(&world).await {
            for path in paths.iter().filter(|path| (world.tries)(point, path)) {
                tried.insert(point.as_str());
                answers.extend(answer_of(point, path));
            }
        }
    }
    assert_eq!(answers, ANSWERS.map(String::from).into());
    // Splits and new names are asked for by a request that has no name of its own.
    tried.remove("request");
    let all = Point::ALL.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>();
    let not_tried = NOT_TRIED.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>();
    assert_eq!(all.difference(&tried).copied().collect::<BTreeSet<_>>(), not_tried);
}
