/// A day of the Gregorian calendar in UTC, encoded as the number of days since 1970-01-01.
package struct Day: Codable, Sendable, Hashable, Comparable {
    private static let microseconds: Int64 = 86_400_000_000

    /// Days since 1970-01-01.
    package var number: Int

    package init(number: Int) {
        self.number = number
    }

    /// The day of a point in time.
    package init(_ moment: Timestamp) {
        let (days, rest) = moment.microseconds.quotientAndRemainder(dividingBy: Self.microseconds)
        number = Int(clamping: rest < 0 ? days - 1 : days)
    }

    /// Parses `2026-11-21`.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month)
        else { return nil }
        self.init(year: year, month: month, day: day)
        // A day that does not exist, such as 2026-02-30, is converted to another one.
        guard (1...31).contains(day), date.month == month, year >= 1970 else { return nil }
    }

    /// Counts from 1 March, so that a leap day is the last day of a year.
    private init(year: Int, month: Int, day: Int) {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (year / 400, year % 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        number = era * 146_097 + dayOfEra - 719_468
    }

    private var date: (year: Int, month: Int, day: Int) {
        let shifted = max(0, number) + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Midnight at the start of the day.
    package var start: Timestamp {
        Timestamp(microseconds: Int64(clamping: number) * Self.microseconds)
    }

    package var startOfMonth: Day {
        Day(year: date.year, month: date.month, day: 1)
    }

    package var startOfNextMonth: Day {
        let (year, month) = (date.year, date.month)
        return month == 12 ? Day(year: year + 1, month: 1, day: 1) : Day(year: year, month: month + 1, day: 1)
    }

    package init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    package static func < (left: Day, right: Day) -> Bool {
        left.number < right.number
    }
}

extension Day: CustomStringConvertible {
    /// `2026-11-21`.
    package var description: String {
        let (year, month, day) = date
        return "\(String(repeating: "0", count: max(0, 4 - String(year).count)))\(year)"
            + (month < 10 ? "-0\(month)" : "-\(month)") + (day < 10 ? "-0\(day)" : "-\(day)")
    }
}
