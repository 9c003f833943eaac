import JOSE
import TokenCore

/// The policy of a pool as JSON. Durations are whole seconds, or texts such as `90s`, `15m`, `1h`.
enum PoolPolicyBody {
    /// The policy that a body asks for: `base` with what it names. `null` takes a limit away.
    ///
    /// - Throws: `invalid_request` for a member that is unknown, so that a limit that was misspelt is not left out, or of another type.
    static func read(_ object: JSONObject, over base: PoolPolicy) throws(OAuthError) -> PoolPolicy {
        var policy = base
        for member in object.members {
            switch member.name {
            case "order":
                guard let order = member.value.string.flatMap(PoolPolicy.Order.init(word:)) else { throw wrong(member.name) }
                policy.order = order
            case "lifetime": policy.lifetime = try duration(member)
            case "unblock_lifetime": policy.rest = try duration(member)
            case "keep_alive_limit": policy.keepAliveLimit = try optional(member, duration)
            case "max_tokens": policy.mostTokens = try number(member)
            case "max_hold": policy.longestHold = try optional(member, duration)
            case "max_per_holder": policy.mostPerHolder = try optional(member, number)
            case "quarantine_after": policy.failuresToQuarantine = try optional(member, number)
            case "parts": policy.parts = try number(member)
            case "rate": policy.rate = try optional(member, rate)
            default: throw OAuthError(.invalidRequest, "The policy of a pool has no such member; docs/pools.md lists them.")
            }
        }
        return policy
    }

    private static func optional<Value>(
        _ member: JSONObject.Member, _ read: (JSONObject.Member) throws(OAuthError) -> Value
    ) throws(OAuthError) -> Value? {
        member.value == .null ? nil : try read(member)
    }

    private static func number(_ member: JSONObject.Member) throws(OAuthError) -> Int {
        guard case .integer(let number) = member.value, let count = Int(exactly: number) else { throw wrong(member.name) }
        return count
    }

    private static func rate(_ member: JSONObject.Member) throws(OAuthError) -> PoolPolicy.Rate {
        guard let members = member.value.object?.members, members.count == 2,
            let count = members.first(where: { $0.name == "count" }), let span = members.first(where: { $0.name == "per" })
        else { throw wrong(member.name) }
        return PoolPolicy.Rate(count: try number(count), span: try duration(span))
    }

    /// No more than a policy allows: what is beyond is refused there with a sentence of its own.
    private static func duration(_ member: JSONObject.Member) throws(OAuthError) -> Duration {
        switch member.value {
        case .integer(let seconds): return .seconds(max(-1, min(seconds, 1 << 32)))
        case .string(let text):
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            guard (1...9).contains(digits.utf8.count), let number = Int64(digits) else { break }
            switch text.dropFirst(digits.count) {
            case "s": return .seconds(number)
            case "m": return .seconds(number * 60)
            case "h": return .seconds(number * 3600)
            case "d": return .seconds(number * 86_400)
            default: break
            }
        default: break
        }
        throw wrong(member.name)
    }

    /// - Parameter name: one of the members above, and so ours to repeat.
    private static func wrong(_ name: String) -> OAuthError {
        OAuthError(.invalidRequest, "This member of the policy is malformed: \(name).")
    }
}

extension PoolPolicy.Order {
    /// As it is written.
    var word: String {
        switch self {
        case .fifo: "fifo"
        case .random: "random"
        case .leastRecentlyUsed: "least_recently_used"
        }
    }

    /// The order of a word; nil when there is none.
    init?(word: String) {
        guard let order = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = order
    }
}

extension PoolPolicy {
    /// Its members, the limits that there are not as null.
    func write(to json: inout JSONWriter) {
        json.member("order", order.word)
        json.member("lifetime", lifetime.components.seconds)
        json.member("unblock_lifetime", rest.components.seconds)
        json.member("keep_alive_limit", Self.value(keepAliveLimit?.components.seconds))
        json.member("max_tokens", Int64(mostTokens))
        json.member("max_hold", Self.value(longestHold?.components.seconds))
        json.member("max_per_holder", Self.value(mostPerHolder.map { Int64($0) }))
        json.member("quarantine_after", Self.value(failuresToQuarantine.map { Int64($0) }))
        json.member("parts", Int64(parts))
        json.name("rate")
        guard let rate else { return json.null() }
        json.object { json in
            json.member("count", Int64(rate.count))
            json.member("per", rate.span.components.seconds)
        }
    }

    private static func value(_ number: Int64?) -> JSONValue { number.map { .integer($0) } ?? .null }
}
