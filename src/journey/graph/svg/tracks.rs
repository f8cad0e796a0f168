//! Where the lines beside the road run: what does not lead to the next phase runs above the phases if it goes on, below them if
//! it goes back.
//!
//! All lines to one phase on one side are one track, timers by themselves: its tails join it on the way. Of two tracks that
//! would be in each other's way the longer runs further out, so that they cross as little as can be.

use std::collections::BTreeMap;

use crate::journey::graph::drawing::Edge;

/// A line that others join.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    /// The column it leads to.
    pub to: usize,
    pub is_timer: bool,
    pub is_above: bool,
    /// What joins it, the farthest first.
    pub tails: Vec<Edge>,
    /// How far out it runs, from 1.
    pub level: usize,
}

/// A place where a track touches a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub column: usize,
    pub track: usize,
    pub is_head: bool,
}

impl Track {
    /// What it covers, in halves of columns: tails and heads touch different halves of a phase.
    fn covers(&self) -> (usize, usize) {
        let columns = || self.tails.iter().map(|tail| tail.from).chain([self.to]);
        let (first, last) = (columns().min().unwrap_or_default(), columns().max().unwrap_or_default());
        if first == last { (2 * first, 2 * first + 1) } else { (2 * first + 1, 2 * last) }
    }
}

/// Whether an edge is a step to the next phase, which needs no track.
pub(super) fn is_step(edge: &Edge) -> bool {
    edge.to == edge.from + 1
}

/// The tracks of all edges that are no step.
pub(super) fn tracks(edges: &[Edge]) -> Vec<Track> {
    let mut grouped: BTreeMap<(usize, bool, bool), Vec<Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| !is_step(edge)) {
        grouped.entry((edge.to, edge.is_timer, edge.from <= edge.to)).or_default().push(*edge);
    }
    let mut tracks: Vec<Track> = grouped
        .into_iter()
        .map(|((to, is_timer, is_above), mut tails)| {
            tails.sort_by_key(|tail| std::cmp::Reverse(tail.from.abs_diff(to)));
            Track { to, is_timer, is_above, tails, level: 0 }
        })
        .collect();
    tracks.sort_by_key(|track| {
        let (first, last) = track.covers();
        (last - first, track.is_timer, first)
    });
    for index in 0..tracks.len() {
        let (first, last) = tracks[index].covers();
        let in_the_way = tracks[..index].iter().filter(|other| {
            let (other_first, other_last) = other.covers();
            other.is_above == tracks[index].is_above && first <= other_last && other_first <= last
        });
        tracks[index].level = 1 + in_the_way.map(|other| other.level).max().unwrap_or_default();
    }
    tracks
}

/// Where each port stands, as pixels from the middle of its phase, of phases with that half a width.
///
/// Above, heads stand left and tails right, because lines come from the left and go to the right; below it is the other way round. In the
/// left half the outer lines stand further right, in the right half further left: so no line crosses one of its neighbours.
pub(super) fn ports(tracks: &[Track], half_width: impl Fn(usize) -> f32) -> BTreeMap<Port, f32> {
    let mut halves: BTreeMap<(usize, bool, bool), Vec<(usize, Port)>> = BTreeMap::new();
    for (index, track) in tracks.iter().enumerate() {
        let mut add = |column: usize, is_head: bool| {
            let is_left = is_head == track.is_above;
            let port = Port { column, track: index, is_head };
            halves.entry((column, track.is_above, is_left)).or_default().push((track.level, port));
        };
        add(track.to, true);
        for tail in &track.tails {
            add(tail.from, false);
        }
    }
    let mut places = BTreeMap::new();
    for ((column, _, is_left), mut here) in halves {
        here.sort_unstable();
        if !is_left {
            here.reverse();
        }
        let room = half_width(column) - 8.0;
        let step = (room / here.len() as f32).min(20.0);
        let middle = if is_left { -0.5 } else { 0.5 } * half_width(column);
        for (place, (_, port)) in here.iter().enumerate() {
            places.insert(*port, middle + (place as f32 - (here.len() - 1) as f32 / 2.0) * step);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges from texts such as `0>2`, or `3>1*` for a timer.
    fn edges(texts: &[&str]) -> Vec<Edge> {
        let edge = |text: &&str| {
            let is_timer = text.ends_with('*');
            let (from, to) = text.trim_end_matches('*').split_once('>').expect("an arrow");
            let column = |text: &str| text.parse().expect("a column");
            Edge { from: column(from), to: column(to), is_timer, count: None }
        };
        texts.iter().map(edge).collect()
    }

    /// Tracks as texts: `+` above, `-` below, the level, where it comes from and where it goes.
    fn check(texts: &[&str], expected: &[&str]) {
        let shown = tracks(&edges(texts)).into_iter().map(|track| {
            let from: Vec<String> = track.tails.iter().map(|tail| tail.from.to_string()).collect();
            let (side, mark) = (if track.is_above { '+' } else { '-' }, if track.is_timer { "*" } else { "" });
            format!("{side}{} {}>{}{mark}", track.level, from.join(","), track.to)
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{texts:?}");
    }

    #[test]
    fn lines_to_one_phase_are_one_track_and_longer_ones_run_further_out() {
        check(&["0>1", "1>2"], &[]);
        check(&["0>2", "1>3"], &["+1 0>2", "+2 1>3"]);
        check(&["0>2", "2>4"], &["+1 0>2", "+1 2>4"]);
        check(&["0>3", "1>3", "2>3"], &["+1 0,1>3"]);
        check(&["3>1", "4>1", "4>3", "1>4*", "2>4*"], &["-1 4>3", "-2 4,3>1", "+1 1,2>4*"]);
        check(&["1>3", "1>3*", "0>3"], &["+1 1>3*", "+2 0,1>3"]);
        check(&["1>1", "0>2"], &["+1 1>1", "+2 0>2"]);
    }

    #[test]
    fn ports_of_one_phase_stand_apart_and_outer_lines_do_not_cross_inner_ones() {
        let tracks = tracks(&edges(&["0>3", "1>3", "1>4", "1>5", "0>5*", "5>1", "4>1*", "3>1"]));
        let ports = ports(&tracks, |_| 50.0);
        let mut above: Vec<(f32, usize)> = Vec::new();
        for (port, x) in &ports {
            let track = &tracks[port.track];
            assert!(x.abs() <= 50.0 && (*x < 0.0) == (port.is_head == track.is_above), "{port:?} at {x}");
            let here = ports.iter().filter(|(other, place)| {
                other.column == port.column
                    && tracks[other.track].is_above == track.is_above
                    && (*place - x).abs() < 5.0
            });
            assert_eq!(here.count(), 1, "{port:?} stands alone");
            if port.column == 1 && track.is_above {
                above.push((*x, track.level));
            }
        }
        above.sort_by(|one, other| one.0.total_cmp(&other.0));
        let levels: Vec<usize> = above.into_iter().map(|(_, level)| level).collect();
        assert!(levels.len() == 3 && levels.is_sorted_by(|one, other| one > other), "{levels:?}");
    }
}
