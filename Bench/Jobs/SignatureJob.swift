import Crypto
import FoundationEssentials
import JOSE
import JWTKit

/// Signing and verifying a typical access token: what JOSE adds to the bare signature, and beside jwt-kit.
struct SignatureJob: Job {
    let name = "signatures"
    let summary = "JOSE sign and verify ES256 beside raw swift-crypto and jwt-kit"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        do {
            let raw = try RawSignature()
            let ours = try OurTokens()
            let theirs = try await TheirTokens()
            let verify = try await self.alternate(settings, [raw.verify, ours.verify, theirs.verify])
            let sign = try await self.alternate(settings, [raw.sign, ours.sign, theirs.sign])
            return self.rows("verify", verify, raw: 0.85) + self.rows("sign", sign, raw: 0.6)
        } catch {
            throw BenchError("\(error)")
        }
    }

    /// Nanoseconds of processor time per call of each, over the turns.
    private func alternate(
        _ settings: BenchSettings, _ calls: [@Sendable () async throws -> Void]
    ) async throws -> [Spread] {
        var times = calls.map { _ in [Double]() }
        for _ in 0..<settings.rounds {
            for (index, call) in calls.enumerated() {
                times[index].append(try await self.time(call, for: settings.signatureTurn))
            }
        }
        return times.map(Spread.init)
    }

    /// Processor time, not the clock on the wall: one thread computes, and whatever else the machine does is not its doing.
    private func time(_ call: @Sendable () async throws -> Void, for duration: Duration) async throws -> Double {
        for _ in 0..<20 { try await call() }
        var calls = 0
        let start = ContinuousClock.now
        let used = Machine.ownCPU
        while ContinuousClock.now - start < duration {
            for _ in 0..<20 { try await call() }
            calls += 20
        }
        return (Machine.ownCPU - used) * 1000 / Double(calls)
    }

    /// Ratios are of speed: 1 is as fast as the baseline, 2 is twice as fast.
    private func rows(_ what: String, _ times: [Spread], raw: Double) -> [Row] {
        let ours = Text.times(times[1])
        return [("swift-crypto", times[0], raw), ("jwt-kit", times[2], 1.5)].map { other, time, bound in
            .ratio(
                "JOSE \(what) ES256, to \(other)", ours, 1 / times[1].median, to: 1 / time.median,
                "\(other) \(Text.times(time))", .atLeast(bound))
        }
    }
}

/// The claims of an access token as the server issues it, as values; every contestant writes them as JSON itself.
private enum Typical {
    static let issuer = "http://localhost"
    static let subject = "1048576"
    static let session = "0199f3c2-7b1e-7c44-9d1a-3a5b8e2f4c6d"
    static let id = "0199f3c2-7b1f-7a10-8f3e-5c7d9e1b2a4f"
    static let issued: Int64 = 1_800_000_000
    static let expires: Int64 = 1_800_000_900
    /// While the token is valid.
    static let now: Int64 = 1_800_000_100
}

/// One ES256 signature over the bytes of a typical token, and nothing around it.
private struct RawSignature: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let publicKey: P256.Signing.PublicKey
    private let bytes: [UInt8]
    private let signature: [UInt8]

    init() throws {
        self.publicKey = self.key.publicKey
        self.bytes = Array(try JWS(parsing: OurTokens().token).signingInput)
        self.signature = Array(try self.key.signature(for: self.bytes).rawRepresentation)
    }

    @Sendable func verify() async throws {
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: self.signature)
        guard self.publicKey.isValidSignature(signature, for: self.bytes) else { throw BenchError("raw: refused") }
    }

    @Sendable func sign() async throws {
        guard try self.key.signature(for: self.bytes).rawRepresentation.count == 64 else { throw BenchError("raw: length") }
    }
}

/// The same with JOSE: from claims to a token, and from a token to checked claims.
private struct OurTokens: Sendable {
    private let signer: JWSSigner
    private let key: VerificationKey
    private let policy: JWTPolicy
    fileprivate let token: [UInt8]

    init() throws {
        let key = try SigningKey.generate(.es256)
        self.signer = JWSSigner(key: key, type: "at+jwt")
        self.key = key.verificationKey
        self.policy = try JWTPolicy(issuer: Typical.issuer, audience: [Typical.issuer], type: "at+jwt")
        self.token = try self.signer.sign(Self.claims())
    }

    private static func claims() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("iss", Typical.issuer)
            json.member("sub", Typical.subject)
            json.member("aud", Typical.issuer)
            json.member("sid", Typical.session)
            json.member("jti", Typical.id)
            json.member("iat", Typical.issued)
            json.member("exp", Typical.expires)
        }
        return json.bytes
    }

    @Sendable func verify() async throws {
        let jws = try JWS(parsing: self.token)
        try jws.verify(with: self.key)
        try self.policy.check(JWTClaims(parsing: jws.payload), type: jws.header.type, now: Typical.now)
    }

    @Sendable func sign() async throws {
        guard try self.signer.sign(Self.claims()).count == self.token.count else { throw BenchError("JOSE: length") }
    }
}

/// The same with jwt-kit.
private struct TheirTokens: Sendable {
    private struct Claims: JWTPayload {
        var iss: IssuerClaim
        var sub: SubjectClaim
        var aud: AudienceClaim
        var sid: String
        var jti: IDClaim
        var iat: IssuedAtClaim
        var exp: ExpirationClaim

        func verify(using algorithm: some JWTAlgorithm) throws {
            try self.exp.verifyNotExpired(currentDate: Date(timeIntervalSince1970: Double(Typical.now)))
            try self.aud.verifyIntendedAudience(includes: Typical.issuer)
            guard self.iss.value == Typical.issuer else { throw BenchError("jwt-kit: issuer") }
        }
    }

    private let keys: JWTKeyCollection
    private let token: [UInt8]

    init() async throws {
        self.keys = await JWTKeyCollection().add(ecdsa: ES256PrivateKey(), kid: "bench")
        self.token = Array(try await self.keys.sign(Self.claims(), kid: "bench").utf8)
    }

    private static func claims() -> Claims {
        Claims(
            iss: IssuerClaim(value: Typical.issuer), sub: SubjectClaim(value: Typical.subject),
            aud: AudienceClaim(value: Typical.issuer), sid: Typical.session, jti: IDClaim(value: Typical.id),
            iat: IssuedAtClaim(value: Date(timeIntervalSince1970: Double(Typical.issued))),
            exp: ExpirationClaim(value: Date(timeIntervalSince1970: Double(Typical.expires))))
    }

    @Sendable func verify() async throws {
        _ = try await self.keys.verify(self.token, as: Claims.self)
    }

    @Sendable func sign() async throws {
        guard try await !self.keys.sign(Self.claims(), kid: "bench").isEmpty else { throw BenchError("jwt-kit: length") }
    }
}
