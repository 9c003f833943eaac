import Testing
import TokenCore

@Suite struct RFC3339Tests {
    /// Moments computed by `date -u -d TEXT +%s`.
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_250, "2024-02-29T00:00:00.250Z"),
            (1_677_542_400_000, "2023-02-28T00:00:00.000Z"), (1_677_628_800_000, "2023-03-01T00:00:00.000Z"),
            (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"), (-2_203_891_200_001, "1900-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"), (1_735_689_600_000, "2025-01-01T00:00:00.000Z"),
            (2_147_483_648_000, "2038-01-19T03:14:08.000Z"),
            // RFC 3339 section 5.8, first example.
            (482_196_050_520, "1985-04-12T23:20:50.520Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func knownMomentsPrint(_ milliseconds: Int64, _ text: String) {
        #expect(UnixTime(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func timesWithoutAFourDigitYearAreTheNearestThatHasOne() {
        #expect(UnixTime(milliseconds: 253_402_300_800_000).rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(UnixTime.distantFuture.rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(UnixTime(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
    }

    /// Every day of four centuries follows the one before it by the rules of the Gregorian calendar, counted here in the plainest way.
    @Test func everyDayOfFourHundredYearsFollowsTheOneBefore() {
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<146_097 {
            let text = UnixTime(milliseconds: Int64(number) * 86_400_000).rfc3339
            let expected = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"
            guard text == expected else { Issue.record("\(text) is not \(expected)"); return }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year == 2370)
    }
}
