#![no_main]

klantreis_fuzz::target!("klantreis");
