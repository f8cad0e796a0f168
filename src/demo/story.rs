//! What a customer does, from the first look to the review, or to never being heard of again.
//!
//! A story is made up as a whole when it begins: a list of acts and their times. How likely each turn is stands here and
//! nowhere else. The shop knows nothing of phases; it is the model's task to find them in what customers do.

use super::goods::PRODUCTS;
use super::random::{Random, mix};

/// Something a customer does, or that is done to them by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Act {
    ViewPage,
    ViewHelp,
    ViewProduct,
    AddToCart,
    StartCheckout,
    Order,
    Review,
    MailDelivered,
    MailOpened,
    MailClicked,
    MailBounced,
    /// Reserved at the till, not paid yet.
    TillApproved,
    TillPaid,
}

/// A moment of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub at: i64,
    pub act: Act,
    /// Index of the product it is about.
    pub product: usize,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many moments a story has, about; a test holds it to that.
pub(super) const USUAL_MOMENTS: f64 = 20.0;

/// The form of the checkout, which is short for half of the customers: the shop wants to know what that is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checkout {
    Long,
    Short,
}

impl Checkout {
    /// The one that a customer is shown, always.
    pub fn of(customer: u32) -> Self {
        if mix(u64::from(customer) ^ 0xAB).is_multiple_of(2) { Self::Long } else { Self::Short }
    }

    /// What the site's events call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }

    /// How many of a hundred give up when they have compared.
    fn gives_up(self) -> usize {
        match self {
            Self::Long => 40,
            Self::Short => 20,
        }
    }
}

/// A story that begins now.
pub(super) fn tell(random: &mut Random, now: i64, checkout: Checkout) -> Vec<Moment> {
    let favourite = random.below(PRODUCTS.len());
    let mut story = Story { clock: now, favourite, checkout, moments: Vec::new(), random };
    story.whole();
    story.moments
}

struct Story<'a> {
    clock: i64,
    favourite: usize,
    checkout: Checkout,
    moments: Vec<Moment>,
    random: &'a mut Random,
}

impl Story<'_> {
    /// Orientation, comparison, purchase, use, review; with an end after each, and sometimes from the start again.
    fn whole(&mut self) {
        // Some walk in from the street, buy and are known from then on.
        if self.random.chance(8) {
            self.pay_at_the_till();
            self.use_it();
            return;
        }
        let reads_mail = self.random.chance(60);
        if !self.orientate(reads_mail) || !self.compare(reads_mail) {
            return;
        }
        self.use_it();
        if self.random.chance(25) {
            self.wait(12 * DAY, 20 * DAY);
            self.visit(3, 6);
            if self.random.chance(50) {
                self.compare(reads_mail);
            }
        }
    }

    /// A look around, a few times over. False: never comes back.
    fn orientate(&mut self, reads_mail: bool) -> bool {
        for _ in 0..=self.random.below(3) {
            self.visit(0, 3);
            self.wait(6 * HOUR, 4 * DAY);
            if reads_mail {
                self.newsletter();
            }
        }
        self.random.chance(75)
    }

    /// A look at the same things again, until one is bought. False: it never is.
    fn compare(&mut self, reads_mail: bool) -> bool {
        for _ in 0..=self.random.below(2) {
            self.visit(2, 6);
            if self.random.chance(15) {
                self.act(Act::ViewHelp);
            }
            if reads_mail && self.random.chance(50) {
                self.newsletter();
            }
            self.wait(3 * HOUR, 5 * DAY);
        }
        if self.random.chance(self.checkout.gives_up()) {
            return false;
        }
        if self.random.chance(30) {
            self.pay_at_the_till();
        } else {
            self.order();
        }
        true
    }

    /// Puts it into the cart, perhaps leaves it there for a day, and pays.
    fn order(&mut self) {
        self.visit(1, 2);
        self.act(Act::AddToCart);
        if self.random.chance(20) {
            self.wait(10 * HOUR, 30 * HOUR);
            self.act(Act::ViewPage);
        }
        self.act(Act::StartCheckout);
        self.act(Act::Order);
    }

    fn pay_at_the_till(&mut self) {
        self.act(Act::TillApproved);
        self.wait(2 * SECOND, 20 * SECOND);
        self.act(Act::TillPaid);
    }

    /// The parcel arrives, it is put to use, and perhaps something is said about it.
    fn use_it(&mut self) {
        self.wait(4 * HOUR, 20 * HOUR);
        self.act(Act::MailDelivered);
        if self.random.chance(45) {
            self.wait(10 * MINUTE, 9 * HOUR);
            self.act(Act::MailOpened);
        }
        if self.random.chance(25) {
            self.wait(DAY, 3 * DAY);
            self.act(Act::ViewHelp);
            self.act(Act::ViewHelp);
        }
        if self.random.chance(35) {
            self.wait(4 * DAY, 11 * DAY);
            self.act(Act::Review);
        }
    }

    /// The weekly mail: delivered, perhaps opened, perhaps clicked; or there is no such address.
    fn newsletter(&mut self) {
        if self.random.chance(3) {
            self.act(Act::MailBounced);
            return;
        }
        self.act(Act::MailDelivered);
        if self.random.chance(45) {
            self.wait(5 * MINUTE, 12 * HOUR);
            self.act(Act::MailOpened);
            if self.random.chance(30) {
                self.act(Act::MailClicked);
                self.act(Act::ViewProduct);
            }
        }
        self.wait(HOUR, 2 * DAY);
    }

    /// A visit to the site with so many products looked at.
    fn visit(&mut self, least: usize, most: usize) {
        for _ in 0..=self.random.below(2) {
            self.act(Act::ViewPage);
        }
        for _ in 0..least + self.random.below(most - least + 1) {
            self.act(Act::ViewProduct);
        }
    }

    /// Does something, and is busy with it for a moment.
    fn act(&mut self, act: Act) {
        // People come back to what they like, and look at other things beside it.
        let product = if self.random.chance(60) { self.favourite } else { self.random.below(PRODUCTS.len()) };
        self.moments.push(Moment { at: self.clock, act, product });
        self.wait(8 * SECOND, 3 * MINUTE);
    }

    fn wait(&mut self, least: i64, most: i64) {
        self.clock += self.random.between(least, most);
    }
}
