/// A date in a token: seconds since 1970 in UTC, possibly with a fraction (RFC 7519 section 2).
///
/// Accepted is any JSON number from 0 to the end of the year 9999, in whatever notation. A negative number, a larger one
/// and a string are no dates. Our clock has whole seconds, so a fraction is kept as the two seconds around it, and each
/// rule takes the one that makes the token valid for less time.
public struct NumericDate: Sendable, Hashable {
    /// The last whole second that is not after the date.
    public let floor: Int64
    /// The first whole second that is not before the date.
    public let ceiling: Int64

    /// 9999-12-31T23:59:59Z.
    public static let latest: Int64 = 253_402_300_799

    /// - Parameter value: nil results for anything that is not a date.
    public init?(_ value: JSONValue) {
        switch value {
        case .integer(let seconds):
            self.floor = seconds
            self.ceiling = seconds
        case .number(let number) where 0...Double(Self.latest) ~= number.value:
            self.floor = Int64(number.value.rounded(.down))
            self.ceiling = Int64(number.value.rounded(.up))
        default: return nil
        }
        guard 0...Self.latest ~= floor else { return nil }
    }
}
