import JOSE

/// What came of every rule that a token was held against, in the order in which they are asked.
struct TokenJudgement: Sendable, Equatable {
    /// One rule.
    struct Step: Sendable, Equatable {
        let rule: String
        let verdict: Verdict
        /// A sentence for the person who asks why.
        let because: String
    }

    /// What came of one rule.
    enum Verdict: String, Sendable, Equatable {
        case holds
        case refused
        /// Nobody asked for it, or a rule before it leaves nothing to ask.
        case notAsked = "not asked"
    }

    private(set) var steps: [Step] = []

    /// True if no rule refused.
    var isAccepted: Bool { !steps.contains { $0.verdict == .refused } }

    fileprivate mutating func add(_ rule: String, _ verdict: Verdict, _ because: String) {
        steps.append(Step(rule: rule, verdict: verdict, because: because))
    }
}

/// Holds a compact JWS against a key set and, unless told otherwise, its claims against a policy.
struct TokenJudge: Sendable {
    let keys: JWKSet
    /// Nil: the signature alone, whatever the payload is.
    let policy: JWTPolicy?
    /// Seconds since 1970.
    let now: Int64

    /// Asks every rule; one that refuses the form or the signature leaves the rest unasked, since nothing in such a token can be believed.
    func judge(_ token: [UInt8]) -> TokenJudgement {
        var judgement = TokenJudgement()
        let jws: JWS
        do {
            jws = try JWS(parsing: token)
        } catch {
            judgement.add("form", .refused, Sentences.of(error))
            return judgement
        }
        judgement.add("form", .holds, "A compact JWS with alg \(jws.header.algorithmName).")
        guard verify(jws, &judgement), let policy else { return judgement }
        judge(jws, by: policy, &judgement)
        return judgement
    }

    private func verify(_ jws: JWS, _ judgement: inout TokenJudgement) -> Bool {
        let candidates: [JWK]
        if let keyID = jws.header.keyID {
            guard let key = keys[keyID] else {
                judgement.add("key", .refused, "No key of the set has the kid \(quoted(keyID)); it has \(names).")
                return false
            }
            candidates = [key]
        } else {
            candidates = keys.keys
        }
        var refusals: [String] = []
        for candidate in candidates {
            do {
                try verify(jws, with: candidate)
                judgement.add("key", .holds, "The set has it: \(quoted(candidate.keyID ?? candidate.thumbprint)).")
                judgement.add("signature", .holds, "It is this key's, over these bytes.")
                return true
            } catch { refusals.append(Sentences.of(error)) }
        }
        judgement.add("key", candidates.isEmpty ? .refused : .holds, "The set has \(candidates.count) to try.")
        judgement.add("signature", .refused, Set(refusals).sorted().joined(separator: " "))
        return false
    }

    /// An RSA key may leave its algorithm open; then, and only then, the header chooses among those of RSA.
    private func verify(_ jws: JWS, with jwk: JWK) throws(JOSEError) {
        do {
            return try jws.verify(with: VerificationKey(jwk: jwk))
        } catch {
            guard error == .algorithmNotStated, let algorithm = jws.header.algorithm else { throw error }
            try jws.verify(with: VerificationKey(jwk: jwk, algorithm: algorithm))
        }
    }

    private func judge(_ jws: JWS, by policy: JWTPolicy, _ judgement: inout TokenJudgement) {
        let claims: JWTClaims
        do {
            claims = try JWTClaims(parsing: jws.payload)
        } catch {
            return judgement.add("claims", .refused, Sentences.of(error))
        }
        judgement.add("claims", .holds, "One JSON object.")
        for (rule, verdict) in policy.verdicts(on: claims, type: jws.header.type, now: now) {
            switch verdict {
            case .holds: judgement.add(Sentences.name(of: rule), .holds, "")
            case .notAsked: judgement.add(Sentences.name(of: rule), .notAsked, "")
            case .refused(let refusal): judgement.add(Sentences.name(of: rule), .refused, Sentences.of(refusal, now: now))
            }
        }
    }

    private var names: String {
        keys.keys.isEmpty ? "no keys" : keys.keys.map { quoted($0.keyID ?? $0.thumbprint) }.joined(separator: ", ")
    }

    private func quoted(_ text: String) -> String { "'\(text)'" }
}
