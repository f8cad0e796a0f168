#![no_main]

klantreis_fuzz::target!("snowplow");
