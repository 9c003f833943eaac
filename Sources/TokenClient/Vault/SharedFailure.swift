import TokenCore

/// The form in which a failure is shared, and what is said of a loss.
enum SharedFailure {
    private enum Kind: UInt8 {
        case refused = 1
        case unreachable = 2
        case status = 3
        case notUnderstood = 4
    }

    /// What others are told; nil for what is this process's own affair, such as a file that is missing here.
    static func sharing(_ error: TokenSourceError) -> UpstreamGrant.Sharing? {
        reason(error.reason).map {
            UpstreamGrant.Sharing(reason: $0, retryAfter: error.retryAfter, isFinal: error.isFinal, chance: Double.random(in: 0..<1))
        }
    }

    /// The failure, as this process would have had it.
    static func error(_ failure: UpstreamGrant.Failure, now: UnixTime) -> TokenSourceError {
        let reason = (try? read(failure.reason)) ?? .other("another process could not fetch a token")
        return TokenSourceError(reason, retryAfter: failure.until - now)
    }

    /// Exactly what is lost.
    static func error(_ loss: UpstreamGrant.Loss) -> TokenSourceError {
        TokenSourceError(
            .rotationLost(
                "a rotation began at \(loss.began.rfc3339) and its answer was never stored; at \(loss.noticed.rfc3339) the server refused the "
                    + "refresh token before it (invalid_grant). A new first refresh token is needed."))
    }

    private static func reason(_ reason: TokenSourceError.Reason) -> [UInt8]? {
        var writer = ByteWriter()
        switch reason {
        case .refused(let refusal):
            writer.write(Kind.refused.rawValue)
            writer.write(bounded(refusal.error))
            writer.write(refusal.description.map(bounded))
            writer.write(refusal.uri.map(bounded))
            writer.write(UInt16(clamping: refusal.status))
        case .unreachable(let detail):
            writer.write(Kind.unreachable.rawValue)
            writer.write(bounded(detail))
        case .status(let status):
            writer.write(Kind.status.rawValue)
            writer.write(UInt16(clamping: status))
        case .notUnderstood(let detail):
            writer.write(Kind.notUnderstood.rawValue)
            writer.write(bounded(detail))
        case .misconfigured, .command, .rotationLost, .storage, .other: return nil
        }
        return writer.bytes
    }

    private static func read(_ bytes: [UInt8]) throws(StoreError) -> TokenSourceError.Reason {
        var reader = ByteReader(bytes)
        guard let kind = Kind(rawValue: try reader.read()) else { throw .corrupt("a failure of an unknown kind") }
        switch kind {
        case .refused:
            let error = try reader.readText()
            let description = try reader.readOptionalText(), uri = try reader.readOptionalText()
            return .refused(OAuthRefusal(error: error, description: description, uri: uri, status: Int(try reader.read(UInt16.self))))
        case .unreachable: return .unreachable(try reader.readText())
        case .status: return .status(Int(try reader.read(UInt16.self)))
        case .notUnderstood: return .notUnderstood(try reader.readText())
        }
    }

    /// A server's words are bounded where they are read; this bounds what they become here.
    private static func bounded(_ text: String) -> String { String(text.prefix(512)) }
}
