public import TokenCore

/// A token that somebody else issued, to be shown to whom it is for. Prints without its value.
public struct AccessToken: Sendable {
    /// One reference, so that handing a token out costs one count.
    @usableFromInline final class Content: Sendable {
        @usableFromInline let value: String
        let type: String
        let scope: String?
        let usable: UsableUntil
        @usableFromInline let number: UInt64

        init(value: String, type: String, scope: String?, usable: UsableUntil, number: UInt64) {
            self.value = value
            self.type = type
            self.scope = scope
            self.usable = usable
            self.number = number
        }

        /// The same in memory of its own: a thread that has one counts its references alone.
        func copied() -> Content {
            Content(
                value: String(decoding: Array(value.utf8), as: UTF8.self), type: type, scope: scope, usable: usable, number: number)
        }
    }

    @usableFromInline let content: Content

    init(_ content: Content) { self.content = content }

    /// What is sent: `Authorization: <type> <value>`.
    @inlinable public var value: String { content.value }
    /// `token_type` (RFC 6749 section 7.1): mostly `Bearer`.
    public var type: String { content.type }
    /// `scope`, if the issuer said what it granted.
    public var scope: String? { content.scope }
    /// Until when the manager hands it out, by the calendar; nil if it does not end. The issuer's own end is a little later.
    public var expiresAt: UnixTime? { content.usable.wall }
    /// How much longer the manager hands it out, by the clock that ends it first: a wall clock that was set back adds nothing. Nil if it does not end.
    public var timeLeft: Duration? { content.usable.left(at: .read()) }
    /// The number of the fetch that brought it: a higher one of the same manager is newer.
    @inlinable public var number: UInt64 { content.number }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the value (canon 59).
    public var description: String { "Secret(\(type) token \(number))" }
    /// As `description`.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
