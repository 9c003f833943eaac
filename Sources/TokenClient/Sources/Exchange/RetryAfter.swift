import TokenCore

/// When a server wants to be asked again (RFC 9110 section 10.2.3).
enum RetryAfter {
    /// Seconds as they stand; a date as the time from the answer's own `Date`, so that the two clocks need not agree, or else from `now`. Not below zero;
    /// nil for no such header and for what is neither.
    static func read(_ headers: [String: String], now: UnixTime) -> Duration? {
        guard let text = headers["retry-after"] else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return .seconds(min(Int64(text) ?? .max, longest))
        }
        guard let moment = UnixTime(httpDate: text) else { return nil }
        let sent = headers["date"].flatMap(UnixTime.init(httpDate:)) ?? now
        return min(max(.zero, moment - sent), .seconds(longest))
    }

    /// A year, in seconds: no policy waits that long, and no sum with it overflows.
    private static let longest: Int64 = 31_536_000
}
