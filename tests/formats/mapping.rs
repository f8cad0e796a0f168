//! Rows of CSV and foreign JSON.
