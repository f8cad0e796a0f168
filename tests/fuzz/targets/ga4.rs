#![no_main]

klantreis_fuzz::target!("ga4");
