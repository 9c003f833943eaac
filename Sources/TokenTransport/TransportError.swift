/// Why nothing was fetched.
public enum TransportError: Error, Sendable, Equatable {
    /// Not an absolute URL of `http` or `https` in its plain form.
    case url(String)
    /// The name has no address, or its resolver did not answer in time.
    case unresolved(host: String)
    /// The policy does not reach what the name or the address stands for.
    case forbidden(host: String, ForbiddenReason)
    /// Nobody accepted the connection, or it broke: what the client said.
    case unreachable(host: String, detail: String)
    /// Not done within the policy's deadline.
    case deadline(host: String)
    /// The body is longer than the policy allows, in bytes.
    case tooLarge(limit: Int)
    /// A certificate or key of our own that cannot be read, in the library's words.
    case certificate(String)
    /// More redirects than the policy follows.
    case tooManyRedirects(limit: Int)

    /// Why a policy does not reach a host.
    public enum ForbiddenReason: Sendable, Equatable {
        /// Plain `http` to another machine.
        case clear
        /// An address that is not one of the public Internet.
        case notPublic(String)
    }
}

extension TransportError: CustomStringConvertible {
    /// A sentence for the person who asked for the URL.
    public var description: String {
        switch self {
        case .url(let text): "'\(text)' is not a plain http or https URL."
        case .unresolved(let host): "The name \(host) has no address."
        case .forbidden(let host, .clear): "\(host) is another machine: only https goes there."
        case .forbidden(let host, .notPublic(let address)): "\(host) is \(address), which is not a public address."
        case .unreachable(let host, let detail): "\(host) cannot be reached: \(detail)"
        case .deadline(let host): "\(host) did not answer in time."
        case .tooLarge(let limit): "The answer has more than \(limit) bytes."
        case .certificate(let detail): "The certificate or its key cannot be read: \(detail)"
        case .tooManyRedirects(let limit): "There were more than \(limit) redirects."
        }
    }
}
