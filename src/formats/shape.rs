//! The wanted paths of a record, as a tree.
//!
//! Not in here: walking it along a record (`scan`, `walk`).

/// The wanted paths, as a tree.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    nodes: Vec<Node>,
    slots: usize,
}

/// A place on a wanted path.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// Where to keep what stands here.
    pub(super) slot: Option<usize>,
    /// All slots here and below: emptied when the key comes a second time.
    pub(super) slots_below: Vec<usize>,
    children: Vec<Child>,
    /// A bit for each length that a child's key has: most keys have another.
    lengths: u64,
}

#[derive(Debug, Clone)]
struct Child {
    /// The key's first and last bytes as numbers: telling keys apart seldom takes more.
    ends: (u64, u64),
    key: Box<str>,
    /// The key as a place in an array, if it can be one.
    position: Option<usize>,
    node: usize,
}

/// The node of the whole record.
pub(super) const ROOT: usize = 0;

impl Shape {
    /// No paths yet.
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()], slots: 0 }
    }

    /// The slot in which what stands at this path will be found. Equal paths share one.
    pub(super) fn slot<K: AsRef<str>>(&mut self, path: impl IntoIterator<Item = K>) -> usize {
        let mut passed = vec![ROOT];
        let mut here = ROOT;
        for key in path {
            let key = key.as_ref();
            here = match self.nodes[here].child(key.as_bytes()) {
                Some(node) => node,
                None => {
                    let node = self.nodes.len();
                    self.nodes.push(Node::default());
                    let child = Child { key: key.into(), ends: ends(key.as_bytes()), position: position(key), node };
                    self.nodes[here].children.push(child);
                    self.nodes[here].lengths |= length_bit(key.len());
                    node
                }
            };
            passed.push(here);
        }
        if let Some(slot) = self.nodes[here].slot {
            return slot;
        }
        let slot = self.slots;
        self.slots += 1;
        self.nodes[here].slot = Some(slot);
        for node in passed {
            self.nodes[node].slots_below.push(slot);
        }
        slot
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
        const BOTH_ENDS: usize = 16;
        if self.lengths & length_bit(key.len()) == 0 {
            return None;
        }
        let ends = ends(key);
        let is = |child: &&Child| {
            child.ends == ends
                && child.key.len() == key.len()
                && (key.len() <= BOTH_ENDS || child.key.as_bytes() == key)
        };
        self.children.iter().find(is).map(|child| child.node)
    }

    /// The node that a place in an array leads to.
    pub(super) fn child_at(&self, position: usize) -> Option<usize> {
        self.children.iter().find(|child| child.position == Some(position)).map(|child| child.node)
    }

    /// Whether anything below is wanted.
    pub(super) fn is_inner(&self) -> bool {
        !self.children.is_empty()
    }
}

/// The first eight bytes and the last eight; of a shorter key twice the same, with zeros where it has no more.
#[inline]
fn ends(key: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    // Two reads that overlap see every byte of four to seven.
    let all = match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let last = u64::from(u32::from_le_bytes(*last)) << ((key.len() - 4) * 8);
            u64::from(u32::from_le_bytes(*first)) | last
        }
        _ => key.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)),
    };
    (all, all)
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// A key as a place in an array: digits without a leading zero.
fn position(key: &str) -> Option<usize> {
    let plain = key == "0" || (key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
}
