import HTTPTypes
import TokenCore

/// Whom a request is from, for the log. Never for a decision: those ask the socket.
enum ClientAddress {
    /// The address at the other end of the socket or, when a trusted proxy is there, the last one in X-Forwarded-For that is not a trusted
    /// proxy itself.
    static func of(_ peer: IPAddress?, _ fields: HTTPFields, trusted: [AddressRange]) -> String {
        guard let peer else { return "unknown" }
        guard trusted.contains(where: { $0.contains(peer) }), let list = fields[.xForwardedFor] else { return peer.description }
        for hop in list.split(separator: ",").reversed() {
            guard let address = IPAddress(hop.trimmingBlanks) else { break }
            if !trusted.contains(where: { $0.contains(address) }) { return address.description }
        }
        return peer.description
    }
}

extension HTTPField.Name {
    /// X-Forwarded-For, which no RFC defines and every proxy sends.
    fileprivate static var xForwardedFor: HTTPField.Name? { HTTPField.Name("X-Forwarded-For") }
}

extension HTTPFields {
    fileprivate subscript(name: HTTPField.Name?) -> String? { name.flatMap { self[$0] } }
}
