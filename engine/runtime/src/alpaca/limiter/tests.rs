//! The limiter on a clock that is held.

use super::*;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;

/// Runs on a clock that jumps to the next deadline whenever nothing is to be done.
fn held<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

fn pace(per_minute: u32, per_quarter_hour: Option<u32>) -> Pace {
    Pace::Limited { per_minute, per_quarter_hour, speed: 1.0 }
}

fn limiter(per_minute: u32, per_quarter_hour: Option<u32>) -> Arc<Limiter> {
    let pace = pace(per_minute, per_quarter_hour);
    Arc::new(Limiter::new(pace, QuarterHour::new(pace, None), Duration::from_secs(1)))
}

/// Those of two hosts, under one limit of a quarter of an hour that is counted in a file.
fn two_hosts(counted_in: &Path) -> [Arc<Limiter>; 2] {
    let pace = pace(200, Some(250));
    let shared = QuarterHour::new(pace, Some(counted_in));
    [(); 2].map(|()| Arc::new(Limiter::new(pace, shared.clone(), Duration::from_secs(1))))
}

/// A request: when it is asked for, its class, when it went.
#[derive(Debug, Clone, Copy)]
struct Sent {
    asked: Duration,
    urgency: Urgency,
    went: Duration,
}

impl Sent {
    fn waited(&self) -> Duration {
        self.went - self.asked
    }
}

/// Asks for requests at their times, each on a task of its own; in the order in which they went.
async fn send(limiter: &Arc<Limiter>, wanted: impl AsRef<[(Duration, Urgency)]>) -> Vec<Sent> {
    let start = Instant::now();
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    for (asked, urgency) in wanted.as_ref().iter().copied() {
        let (limiter, sender) = (Arc::clone(limiter), sender.clone());
        tokio::spawn(async move {
            tokio::time::sleep_until(start + asked).await;
            let asked = start.elapsed();
            limiter.pass(urgency).await;
            sender.send(Sent { asked, urgency, went: start.elapsed() }).unwrap();
        });
    }
    drop(sender);
    let mut all = Vec::new();
    while let Some(one) = sent.recv().await {
        all.push(one);
    }
    all
}

fn most_within(sent: &[Sent], window: Duration) -> usize {
    let in_window = |from: &Sent| {
        sent.iter().filter(|at| at.went >= from.went && at.went <= from.went + window).count()
    };
    sent.iter().map(in_window).max().unwrap_or(0)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn urgency() -> impl Strategy<Value = Urgency> {
    prop::sample::select(Urgency::ALL.to_vec())
}

/// Requests in storms: so many of a class at once, then a pause.
fn storms() -> impl Strategy<Value = Vec<(Duration, Urgency)>> {
    let storm = (0_u64..20_000, urgency(), 1_usize..120);
    prop::collection::vec(storm, 1..8).prop_map(|storms| {
        let mut now = Duration::ZERO;
        let mut wanted = Vec::new();
        for (pause, urgency, count) in storms {
            now += Duration::from_millis(pause);
            wanted.extend(std::iter::repeat_n((now, urgency), count));
        }
        wanted
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Conformance 16.
    #[test]
    fn no_window_ever_holds_more_than_its_limit_and_everybody_passes(
        wanted in storms(),
        is_strict in any::<bool>(),
    ) {
        let per_quarter_hour = is_strict.then_some(250);
        let sent = held(async { send(&limiter(200, per_quarter_hour), &wanted).await });
        prop_assert_eq!(sent.len(), wanted.len(), "nobody waits for ever");
        prop_assert!(most_within(&sent, MINUTE) <= 200);
        if is_strict {
            prop_assert!(most_within(&sent, QUARTER_HOUR) <= 250);
        }
    }

    #[test]
    fn within_a_class_who_came_first_goes_first(wanted in storms()) {
        let sent = held(async { send(&limiter(200, None), &wanted).await });
        for urgency in Urgency::ALL {
            let asked: Vec<Duration> =
                sent.iter().filter(|one| one.urgency == urgency).map(|one| one.asked).collect();
            prop_assert!(asked.is_sorted(), "{:?}: {:?}", urgency, asked);
        }
    }

    /// A class sends 20 of 200 a minute whatever the others do, so a cancel waits three seconds
    /// for each cancel before it at most. The others may storm as they like.
    #[test]
    fn cancels_wait_for_cancels_alone(wanted in storms()) {
        let sent = held(async { send(&limiter(200, None), &wanted).await });
        let cancels: Vec<&Sent> = sent.iter().filter(|one| one.urgency == Urgency::Cancel).collect();
        for (index, cancel) in cancels.iter().enumerate() {
            let before = cancels.iter().take(index).filter(|one| one.went >= cancel.asked).count();
            let most = seconds(3) * u32::try_from(before + 1).unwrap();
            prop_assert!(cancel.waited() <= most, "{:?} behind {} cancels", cancel, before);
        }
    }

    /// The same for every class with its own rate: 20, 20, 12 and 8 a minute.
    #[test]
    fn nobody_is_starved_by_the_more_urgent(wanted in storms()) {
        let sent = held(async { send(&limiter(200, None), &wanted).await });
        for (urgency, rate) in Urgency::ALL.into_iter().zip([20_u32, 20, 12, 8]) {
            let class: Vec<&Sent> = sent.iter().filter(|one| one.urgency == urgency).collect();
            for (index, one) in class.iter().enumerate() {
                let before = class.iter().take(index).filter(|it| it.went >= one.asked).count();
                let most = MINUTE / rate * u32::try_from(before + 1).unwrap();
                prop_assert!(one.waited() <= most + Duration::from_millis(2), "{:?}", one);
            }
        }
    }
}

/// Conformance 16.
#[test]
fn when_all_is_used_up_the_more_urgent_goes_first() {
    held(async {
        let limiter = limiter(200, None);
        // Everything that may go at once goes.
        let storm: Vec<_> =
            Urgency::ALL.into_iter().flat_map(|class| [(Duration::ZERO, class); 60]).collect();
        let sent = send(&limiter, &storm).await;
        let mean = |urgency| {
            let waits = sent.iter().filter(|one| one.urgency == urgency).map(Sent::waited);
            waits.sum::<Duration>() / 60
        };
        let waits = Urgency::ALL.map(mean);
        assert!(waits.is_sorted() && waits[0] * 2 < waits[3], "{waits:?}");
    });
}

#[test]
fn the_whole_limit_is_nearly_used_by_one_who_sends_all_the_time() {
    held(async {
        for (class, least) in Urgency::ALL.into_iter().zip([105, 105, 95, 85]) {
            let sent = send(&limiter(200, None), &[(Duration::ZERO, class); 300]).await;
            let most = most_within(&sent, MINUTE);
            assert!((least..=200).contains(&most), "{class:?}: {most}");
        }
    });
}

#[test]
fn the_stricter_limit_binds_where_there_is_one() {
    held(async {
        let limiter = limiter(200, Some(250));
        let wanted = vec![(Duration::ZERO, Urgency::Data); 300];
        let sent = send(&limiter, &wanted).await;
        assert!(most_within(&sent, MINUTE) <= 200);
        let most = most_within(&sent, QUARTER_HOUR);
        assert!((100..=250).contains(&most), "{most}");
    });
}

#[test]
fn the_stricter_limit_is_one_for_all_hosts_and_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests");
    held(async {
        let exits = |limiter, count| send(limiter, vec![(Duration::ZERO, Urgency::Exit); count]);
        let [trading, data] = &two_hosts(&file);
        exits(trading, 60).await;
        exits(data, 60).await;
        let left = [trading, data].map(|limiter| limiter.left().quarter_hour);
        assert_eq!(left, [Some(130); 2]);

        // Another process, or the same after a restart: everything before it was just now.
        let [trading, data] = &two_hosts(&file);
        exits(trading, 60).await;
        assert_eq!(trading.left().quarter_hour, Some(70));
        exits(data, 58).await;
        assert_eq!(data.left().quarter_hour, Some(12));
        let waits = |urgency| tokio::time::timeout(seconds(10), trading.pass(urgency));
        for urgency in [Urgency::Data, Urgency::Entry, Urgency::Exit] {
            assert!(waits(urgency).await.is_err(), "{urgency:?}: the last are kept for cancels");
        }
        for _ in 0..12 {
            waits(Urgency::Cancel).await.unwrap();
        }
        assert!(waits(Urgency::Cancel).await.is_err(), "250 have gone");
    });
}

#[test]
fn a_count_that_cannot_be_read_keeps_nobody_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests");
    std::fs::write(&file, "yesterday\n").unwrap();
    held(async {
        let [trading, _] = &two_hosts(&file);
        let sent = send(trading, &[(Duration::ZERO, Urgency::Cancel); 40]).await;
        assert!(sent.iter().all(|one| one.waited() < MINUTE));
        assert_eq!(trading.left().quarter_hour, Some(210));
    });
}

#[test]
fn what_is_left_is_told() {
    held(async {
        let limiter = limiter(200, Some(250));
        assert!(!limiter.left().is_short());
        send(&limiter, &[(Duration::ZERO, Urgency::Exit); 20]).await;
        let left = limiter.left();
        assert_eq!((left.minute, left.minute_limit), (180, 200));
        assert_eq!((left.quarter_hour, left.quarter_hour_limit), (Some(230), Some(250)));
        tokio::time::advance(MINUTE).await;
        assert_eq!((limiter.left().minute, limiter.left().quarter_hour), (200, Some(230)));
        limiter.heed(&Told { remaining: Some(49), reset_in: Some(seconds(30)), ..Told::default() });
        assert_eq!(limiter.left().minute, 49);
        assert!(limiter.left().is_short());
        tokio::time::advance(seconds(30)).await;
        assert_eq!(limiter.left().minute, 200, "what the server said holds until its reset");
        assert!(!limiter.left().is_short());
        limiter.heed(&Told { refused: true, ..Told::default() });
        assert!(limiter.left().is_short());
    });
}

/// How long each class waits after an answer.
async fn waits_after(told: Told) -> [u64; 4] {
    let mut waits = [0; 4];
    for (wait, urgency) in waits.iter_mut().zip(Urgency::ALL) {
        let limiter = limiter(200, None);
        limiter.heed(&told);
        let start = Instant::now();
        limiter.pass(urgency).await;
        *wait = start.elapsed().as_secs();
    }
    waits
}

/// Conformance 17.
#[test]
fn the_last_requests_of_a_window_are_kept_for_the_urgent() {
    let remaining = |remaining| Told {
        limit: Some(200),
        remaining: Some(remaining),
        reset_in: Some(seconds(42)),
        ..Told::default()
    };
    for (left, expected) in [
        (41, [0, 0, 0, 0]),
        (40, [0, 0, 0, 42]),
        (20, [0, 0, 42, 42]),
        (10, [0, 42, 42, 42]),
        (1, [0, 42, 42, 42]),
        (0, [42, 42, 42, 42]),
    ] {
        assert_eq!(held(waits_after(remaining(left))), expected, "{left} left");
    }
}

/// Conformance 17.
#[test]
fn after_a_refusal_everybody_waits_as_long_as_was_said() {
    let refused = Told { refused: true, ..Told::default() };
    for (told, expected) in [
        (Told { retry_after: Some(seconds(7)), reset_in: Some(seconds(42)), ..refused }, 7),
        (Told { reset_in: Some(seconds(42)), ..refused }, 42),
        (Told { retry_after: Some(seconds(86_400)), ..refused }, 60),
        (refused, 1),
    ] {
        assert_eq!(held(waits_after(told)), [expected; 4], "{told:?}");
    }
}

/// Conformance 17.
#[test]
fn refusals_without_a_word_are_waited_out_ever_longer() {
    held(async {
        let limiter = limiter(200, None);
        for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
            limiter.heed(&Told { refused: true, ..Told::default() });
            let start = Instant::now();
            limiter.pass(Urgency::Cancel).await;
            assert_eq!(start.elapsed().as_secs(), expected);
        }
        limiter.heed(&Told::default());
        limiter.heed(&Told { refused: true, ..Told::default() });
        let start = Instant::now();
        limiter.pass(Urgency::Cancel).await;
        assert_eq!(start.elapsed().as_secs(), 1, "an answer begins anew");
    });
}

#[test]
fn a_lower_limit_of_the_servers_binds_and_a_higher_one_does_not() {
    held(async {
        let limiter = limiter(180, None);
        limiter.heed(&Told { limit: Some(60), ..Told::default() });
        assert_eq!(limiter.left().minute_limit, 60);
        let sent = send(&limiter, &[(Duration::ZERO, Urgency::Data); 120]).await;
        assert!(most_within(&sent, MINUTE) <= 60);
        limiter.heed(&Told { limit: Some(1000), ..Told::default() });
        assert_eq!(limiter.left().minute_limit, 180);
    });
}

/// The limits that answers tell one after the other, and what no minute may hold more of.
#[test]
fn limits_that_change_to_and_fro_refill_nothing() {
    let changes: [(&[u32], usize); 4] =
        [(&[60, 180], 180), (&[60, 60, 180], 180), (&[59, 60], 60), (&[60, 30, 90, 1000], 180)];
    for (told, most) in changes {
        held(async {
            let limiter = limiter(180, None);
            let limits = told.iter().cycle();
            let start = Instant::now();
            let mut sent = Vec::new();
            limiter.heed(&Told { limit: told.first().copied(), ..Told::default() });
            for (limit, urgency) in limits.zip(Urgency::ALL.into_iter().cycle()).take(600) {
                let asked = start.elapsed();
                limiter.pass(urgency).await;
                sent.push(Sent { asked, urgency, went: start.elapsed() });
                limiter.heed(&Told { limit: Some(*limit), ..Told::default() });
            }
            let within = most_within(&sent, MINUTE);
            assert!(within <= most, "{told:?}: {within} in a minute");
            let longest = sent.iter().map(Sent::waited).max().unwrap();
            assert!(longest <= MINUTE, "{told:?}: one waited for {longest:?}");
        });
    }
}

#[test]
fn what_went_before_another_limit_counts_under_it() {
    held(async {
        let limiter = limiter(180, None);
        send(&limiter, &[(Duration::ZERO, Urgency::Data); 60]).await;
        let used = 180 - limiter.left().minute;
        let told = |limit| Told { limit: Some(limit), ..Told::default() };
        limiter.heed(&told(100));
        assert_eq!(limiter.left().minute, 100 - used);
        limiter.heed(&told(180));
        assert_eq!(limiter.left().minute, 180 - used);
        tokio::time::advance(MINUTE).await;
        assert_eq!(limiter.left().minute, 180);
    });
}

#[test]
fn who_gives_up_waiting_leaves_the_queue_to_the_others() {
    held(async {
        let limiter = limiter(200, None);
        limiter.heed(&Told { refused: true, retry_after: Some(seconds(5)), ..Told::default() });
        let first = tokio::time::timeout(seconds(1), limiter.pass(Urgency::Cancel)).await;
        assert!(first.is_err());
        assert_eq!(limiter.left().waiting, 0);
        limiter.pass(Urgency::Cancel).await;
    });
}

#[test]
fn without_a_pace_only_a_refusal_holds_anybody_up() {
    held(async {
        let limiter = Arc::new(Limiter::new(Pace::Unlimited, None, seconds(1)));
        let sent = send(&limiter, &[(Duration::ZERO, Urgency::Data); 1000]).await;
        assert!(sent.iter().all(|one| one.waited().is_zero()));
        limiter.heed(&Told { refused: true, retry_after: Some(seconds(3)), ..Told::default() });
        let start = Instant::now();
        limiter.pass(Urgency::Cancel).await;
        assert_eq!(start.elapsed(), seconds(3));
    });
}

#[test]
fn a_replay_at_sixty_times_the_speed_has_a_minute_every_second() {
    held(async {
        let pace = Pace::Limited { per_minute: 200, per_quarter_hour: None, speed: 60.0 };
        let limiter = Arc::new(Limiter::new(pace, None, seconds(1)));
        let sent = send(&limiter, &[(Duration::ZERO, Urgency::Data); 300]).await;
        assert!(most_within(&sent, seconds(1)) <= 200);
        assert!(sent.last().unwrap().went <= seconds(4));
    });
}
