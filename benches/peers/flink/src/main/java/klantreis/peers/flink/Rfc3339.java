package klantreis.peers.flink;

import java.time.YearMonth;

/** Reads times in the one form the sources write, {@code 2025-01-31T12:34:56.789Z}. */
final class Rfc3339 {
    static final long INVALID = Long.MIN_VALUE;

    private Rfc3339() {
    }

    /** Epoch milliseconds, or {@link #INVALID}. By hand, since java.time costs as much as the rest of the record. */
    static long parse(String text) {
        if (text == null
                || text.length() != 24
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || text.charAt(10) != 'T'
                || text.charAt(13) != ':'
                || text.charAt(16) != ':'
                || text.charAt(19) != '.'
                || text.charAt(23) != 'Z') {
            return INVALID;
        }
        int year = digits(text, 0, 4);
        int month = digits(text, 5, 7);
        int day = digits(text, 8, 10);
        int hour = digits(text, 11, 13);
        int minute = digits(text, 14, 16);
        int second = digits(text, 17, 19);
        int milli = digits(text, 20, 23);
        if ((year | month | day | hour | minute | second | milli) < 0
                || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59
                || day > 28 && day > YearMonth.of(year, month).lengthOfMonth()) {
            return INVALID;
        }
        return ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60_000L + second * 1000L + milli;
    }

    /** The number, or -1 when a character is no digit. */
    private static int digits(String text, int start, int end) {
        int value = 0;
        for (int i = start; i < end; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** Counts from a year that starts in March, so that the leap day comes last. */
    private static long daysSinceEpoch(int year, int month, int day) {
        int y = month > 2 ? year : year - 1;
        int dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        return 365L * y + Math.floorDiv(y, 4) - Math.floorDiv(y, 100) + Math.floorDiv(y, 400) + dayOfYear - 719_468;
    }
}
