#![no_main]

klantreis_fuzz::target!("rudderstack");
