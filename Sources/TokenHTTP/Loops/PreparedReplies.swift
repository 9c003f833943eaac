import NIOHTTP1
import TokenCore

/// Answers that never change, rendered once per loop.
struct PreparedReplies {
    /// `GET /ping`.
    let pong = PreparedReply(.text("pong"))
    /// An access token that is not accepted, whatever the reason.
    let tokenNotValid = PreparedReply(.tokenNotValid)
    /// An access token that cannot be judged now, because revocations have not been heard of for too long.
    let stale = PreparedReply(.refusal(.revocationsUnknown))
    /// No access token at all.
    let credentialsMissing = PreparedReply(.credentialsMissing)
    /// Header fields beyond their bound.
    let headersTooLarge = PreparedReply(
        .refusal(OAuthError(.headersTooLarge, "The header fields are too large or too many.")), closes: true)
    /// A method that the codec does not know. It has not read the path, so these are the methods of all paths.
    let methodUnknown = PreparedReply(.methodNotAllowed(allow: ["DELETE", "GET", "HEAD", "POST"]), closes: true)
    /// Bytes that are no HTTP.
    let notHTTP = PreparedReply(.refusal(OAuthError(.invalidRequest, "This is not well-formed HTTP.")), closes: true)
    /// A target and a Host field that name different hosts.
    let otherHost = PreparedReply(.refusal(OAuthError(.invalidRequest, "The target names another host than Host does.")), closes: true)
    /// A transfer coding besides chunked.
    let transferCoding = PreparedReply(.transferCodingUnknown, closes: true)
    /// A request that took too long to arrive.
    let tooSlow = PreparedReply(.requestTimedOut, closes: true)

    /// The answer to a head that is refused by itself.
    func refusal(of fault: RequestShape.Fault) -> PreparedReply {
        switch fault {
        case .otherHost: otherHost
        case .transferCoding: transferCoding
        }
    }

    /// The answer to bytes that the codec could not read.
    func refusal(of error: HTTPParserError) -> PreparedReply {
        switch error {
        case .headerOverflow: headersTooLarge
        case .invalidMethod: methodUnknown
        default: notHTTP
        }
    }
}
