import HTTPTypes
import Logging
import NIOCore

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
    /// Where it came from.
    let connection: Origin
    /// Logs with the request's id.
    let logger: Logger
    /// What stands in the place of `{…}` in the route's path.
    var parameter = ""

    /// The connection a request came on.
    struct Origin: Sendable {
        /// The loop that serves it.
        let loop: any EventLoop
        /// The address at the other end of the socket.
        let peer: SocketAddress?
        /// One number per connection, however many streams it has.
        let id: ObjectIdentifier

        init(_ channel: any Channel) {
            loop = channel.eventLoop
            peer = channel.remoteAddress
            id = ObjectIdentifier(channel.isStream ? channel.parent ?? channel : channel)
        }
    }
}

extension Channel {
    /// Whether this is a stream of HTTP/2: its parent is the connection, whose parent is the listener.
    var isStream: Bool { parent?.parent != nil }
}
