//! The wanted paths of a record, as a tree.
//!
//! Not in here: walking it along a record (`scan`, `walk`).

use super::word::{Ends, Word};

/// The wanted paths, as a tree.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    nodes: Vec<Node>,
    slots: usize,
    is_loose: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], slots: 0, is_loose: false }
    }
}

/// A place on a wanted path.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// Where to keep what stands here.
    pub(super) slot: Option<usize>,
    /// All slots here and below: emptied when the key comes a second time.
    pub(super) slots_below: Vec<usize>,
    /// Where to keep the text of an array or object that stands here.
    pub(super) raw_slot: Option<usize>,
    children: Vec<Child>,
    /// A bit for each length that a child's key has: most keys have another.
    lengths: u64,
    /// The place behind the last one in an array that is wanted.
    positions: usize,
}

#[derive(Debug, Clone)]
struct Child {
    key: Word,
    /// The key as a place in an array, if it can be one.
    position: Option<usize>,
    node: usize,
}

/// The node of the whole record.
pub(super) const ROOT: usize = 0;

impl Shape {
    /// No paths yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The slot in which the text of an array or object at this path will be found; any other value is not.
    pub(super) fn raw_slot<K: AsRef<str>>(&mut self, path: impl IntoIterator<Item = K>) -> usize {
        self.slot_at(path, |node| &mut node.raw_slot)
    }

    /// Paths lead through arrays to the first item that has the rest of them, and an object with a `#text` is that text: so
    /// XML, where one element and several are written alike, is read.
    pub(super) fn loosen(&mut self) {
        self.is_loose = true;
    }

    /// See [`Shape::loosen`].
    pub(super) fn is_loose(&self) -> bool {
        self.is_loose
    }

    /// The slot in which what stands at this path will be found. Equal paths share one.
    pub(super) fn slot<K: AsRef<str>>(&mut self, path: impl IntoIterator<Item = K>) -> usize {
        self.slot_at(path, |node| &mut node.slot)
    }

    fn slot_at<K: AsRef<str>>(
        &mut self,
        path: impl IntoIterator<Item = K>,
        of: impl Fn(&mut Node) -> &mut Option<usize>,
    ) -> usize {
        let mut passed = vec![ROOT];
        let mut here = ROOT;
        for key in path {
            let key = key.as_ref();
            here = match self.nodes[here].child(key.as_bytes()) {
                Some(node) => node,
                None => {
                    let node = self.nodes.len();
                    self.nodes.push(Node::default());
                    let child = Child { key: Word::new(key), position: position(key), node };
                    let behind = child.position.map_or(0, |position| position.saturating_add(1));
                    self.nodes[here].positions = self.nodes[here].positions.max(behind);
                    self.nodes[here].children.push(child);
                    self.nodes[here].lengths |= length_bit(key.len());
                    node
                }
            };
            passed.push(here);
        }
        if let Some(slot) = *of(&mut self.nodes[here]) {
            return slot;
        }
        let slot = self.slots;
        self.slots += 1;
        *of(&mut self.nodes[here]) = Some(slot);
        for node in passed {
            self.nodes[node].slots_below.push(slot);
        }
        slot
    }

    /// Whether the whole record itself is wanted, whatever it is.
    pub(super) fn wants_whole(&self) -> bool {
        let whole = &self.nodes[ROOT];
        whole.slot.or(whole.raw_slot).is_some()
    }

    /// The keys of the record of which anything is wanted; `None` if all of it is.
    pub(super) fn keys(&self) -> Option<impl Iterator<Item = &str>> {
        (!self.wants_whole()).then(|| self.nodes[ROOT].children.iter().map(|child| child.key.text()))
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// The node of that number.
    pub(super) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }
}

impl Node {
    /// The node that a key of an object leads to.
    #[inline]
    pub(super) fn child(&self, key: &[u8]) -> Option<usize> {
        if self.lengths & length_bit(key.len()) == 0 {
            return None;
        }
        let ends = Ends::of(key);
        self.children.iter().find(|child| child.key.is(key, ends)).map(|child| child.node)
    }

    /// The node that a place in an array leads to.
    pub(super) fn child_at(&self, position: usize) -> Option<usize> {
        self.children.iter().find(|child| child.position == Some(position)).map(|child| child.node)
    }

    /// How many places in an array come up to the last one that is wanted.
    pub(super) fn positions(&self) -> usize {
        self.positions
    }

    /// Whether anything below is wanted.
    pub(super) fn is_inner(&self) -> bool {
        !self.children.is_empty()
    }
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// A key as a place in an array: digits without a leading zero.
fn position(key: &str) -> Option<usize> {
    let plain = key == "0" || (key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
}
