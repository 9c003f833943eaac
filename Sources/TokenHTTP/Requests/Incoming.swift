import HTTPTypes
import NIOCore
import TokenCore

/// One whole request, read and bounded, as an endpoint sees it.
struct Incoming: Sendable {
    /// The method.
    let method: HTTPRequest.Method
    /// The path without query, not decoded: no path here needs an escape.
    let path: String
    /// The query's members.
    let query: Query
    /// The Host, or what HTTP/2 calls the authority.
    let authority: String
    /// The header fields.
    let fields: HTTPFields
    /// The body, at most as long as the bound.
    let body: [UInt8]
    /// The body of an endpoint that reads it piece by piece; `body` is empty then.
    var stream: BodyStream?
    /// Where it came from.
    let connection: Origin
    /// What stands in the place of `{…}` in the route's path.
    var parameter = ""

    /// The connection a request came on.
    struct Origin: Sendable {
        /// The loop that serves it.
        let loop: any EventLoop
        /// The address at the other end of the socket; nil for a Unix socket.
        let peer: IPAddress?
        /// One number per connection, however many streams it has.
        let id: ObjectIdentifier
        /// The connection itself, or the stream.
        let channel: any Channel

        init(_ channel: any Channel) {
            self.channel = channel
            loop = channel.eventLoop
            peer = channel.remoteAddress?.ip
            id = ObjectIdentifier(channel.isStream ? channel.parent ?? channel : channel)
        }
    }
}

/// A request that was read to its end, before anybody has looked at it.
struct WholeRequest: Sendable {
    /// The method.
    let method: HTTPRequest.Method
    /// The path and the query.
    let target: String
    /// The one host; nil where there is none or more than one.
    let authority: String?
    /// The header fields but Host.
    let fields: HTTPFields
    /// The body; nil for one over the bound.
    let body: [UInt8]?
    /// The body where it is not read whole; `body` is empty then.
    var stream: BodyStream?
    /// Where it came from.
    let connection: Incoming.Origin

    /// The target at its first question mark.
    var pathAndQuery: (path: String, query: Substring) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
        return (String(target[..<mark]), target[target.index(after: mark)...])
    }
}

extension Channel {
    /// Whether this is a stream of HTTP/2: its parent is the connection, whose parent is the listener.
    var isStream: Bool { parent?.parent != nil }
}
