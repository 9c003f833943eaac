import NIOCore

/// What a message between two replies is about.
enum PushKind: String, Sendable, Hashable {
    case subscribe, psubscribe, ssubscribe, unsubscribe, punsubscribe, sunsubscribe, message, pmessage, smessage

    /// - Parameter allowsArrays: RESP 2 sends arrays where RESP 3 sends pushes.
    init?(_ token: RESPToken, allowsArrays: Bool) {
        switch token.value {
        case .push(let elements): self.init(first: elements)
        case .array(let elements) where allowsArrays: self.init(first: elements)
        default: return nil
        }
    }

    private init?(first elements: RESPToken.Array) {
        guard let name = elements.first(where: { _ in true })?.string else { return nil }
        self.init(rawValue: String(buffer: name))
    }
}
