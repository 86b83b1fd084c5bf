import Contracts

/// Formats times as v1 does: `2025-11-25T07:03:25.123456Z`.
enum V1Timestamp {
    static func text(_ time: Timestamp) -> String {
        let (seconds, microseconds) = time.microseconds.quotientAndRemainderFlooring(by: 1_000_000)
        let (days, rest) = seconds.quotientAndRemainderFlooring(by: 86_400)
        let (year, month, day) = date(days)
        return String(unsafeUninitializedCapacity: 40) { buffer in
            var position = 0
            func write(_ value: Int64, _ width: Int, _ end: Character) {
                var value = value
                for index in (0..<width).reversed() {
                    buffer[position + index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                    value /= 10
                }
                buffer[position + width] = end.asciiValue ?? 0
                position += width + 1
            }
            write(year, 4, "-")
            write(month, 2, "-")
            write(day, 2, "T")
            write(rest / 3600, 2, ":")
            write(rest % 3600 / 60, 2, ":")
            write(rest % 60, 2, ".")
            write(microseconds, 6, "Z")
            return position
        }
    }

    /// The Gregorian date of a day since 1970; the computation starts years in March.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainderFlooring(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (min(max(year, 0), 9999), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func quotientAndRemainderFlooring(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
