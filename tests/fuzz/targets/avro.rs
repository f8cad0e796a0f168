#![no_main]

klantreis_fuzz::target!("avro");
