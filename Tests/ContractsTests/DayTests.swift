import Contracts
import Testing

struct DayTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1970-03-01", 59), ("2000-02-29", 11016), ("2024-12-31", 20088), ("2026-11-21", 20778),
        ("2100-03-01", 47541), ("9999-12-31", 2_932_896),
    ])
    func `a day has a number and a text form`(text: String, number: Int) throws {
        let day = try #require(Day(text))
        #expect(day.number == number)
        #expect(day.description == text)
        #expect(Day(day.start) == day)
        #expect(Day(Timestamp(microseconds: day.start.microseconds + 86_399_999_999)) == day)
        #expect(Day(Timestamp(microseconds: day.start.microseconds - 1)).number == number - 1)
    }

    @Test func `the days of four centuries are consecutive`() throws {
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<146_097 {
            let text = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
            #expect(Day(number: number).description == text)
            #expect(Day(number: number).startOfMonth.number == number - day + 1)
            let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            #expect(Day(number: number).startOfNextMonth.number == number - day + 1 + length)
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-1-1", "2026-02-30", "2026-02-29", "2026-13-01", "2026-00-10", "2026-11-00",
        "2026-11-32",
        "1969-12-31", "-026-11-01", "+026-11-01", "2026-11-21T00:00:00Z", "２０２６-11-21", "2026/11/21",
    ])
    func `an invalid date is rejected`(text: String) {
        #expect(Day(text) == nil)
    }
}
