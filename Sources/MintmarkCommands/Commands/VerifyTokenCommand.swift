import ArgumentParser
import FoundationEssentials
import JOSE
import TokenTransport

/// `mintmark token verify`: whether a token would be accepted, and why not, rule by rule.
struct VerifyTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a token against a key set; ends with 0 if it is accepted and with 1 if not.")

    @OptionGroup var token: TokenArgument
    @Option(help: ArgumentHelp("The key set, or one key: a file, or a URL: https, or http on this machine.", valueName: "file|url"))
    var jwks: String
    @Option(help: "The issuer it must have.") var issuer: String?
    @Option(help: "An audience it may be meant for; repeatable.") var audience: [String] = []
    @Option(help: "The typ it must have, such as at+jwt.") var type: String?
    @Option(help: ArgumentHelp("How many seconds clocks may differ, 0-60. Default: 0.", valueName: "seconds")) var leeway: Int64?
    @Option(help: ArgumentHelp("The time to judge it at: seconds since 1970, or 2026-01-31T12:00:00Z. Default: now.", valueName: "time"))
    var at: String?
    @Flag(help: "Check the signature alone, whatever the payload is.") var signatureOnly = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if signatureOnly, issuer != nil || !audience.isEmpty || type != nil || at != nil || leeway != nil {
            throw ValidationError("--signature-only looks at no claim: leave out --issuer, --audience, --type, --at and --leeway.")
        }
        guard JWTPolicy.leewayBounds.contains(leeway ?? 0) else { throw ValidationError("--leeway is 0-60 seconds.") }
        if let at, Self.seconds(at) == nil {
            throw ValidationError("--at is a number of seconds since 1970 or a time such as 2026-01-31T12:00:00Z.")
        }
    }

    func run() async throws {
        let bytes = try token.read()
        let keys = try await KeySetSource(jwks).read()
        let now = at.flatMap(Self.seconds) ?? Int64(Date.now.timeIntervalSince1970)
        let policy = try JWTPolicy(
            issuer: issuer, audience: audience.isEmpty ? nil : audience, type: type.map(TokenType.exactly) ?? .any,
            requiresSubject: false, leeway: leeway ?? 0)
        let judgement = TokenJudge(keys: keys, policy: signatureOnly ? nil : policy, now: now).judge(bytes)
        try report(judgement)
        if !judgement.isAccepted { throw ExitCode(CommandStatus.refused.rawValue) }
    }

    private func report(_ judgement: TokenJudgement) throws {
        if json { return try Surroundings.current.printJSON(Report(judgement)) }
        var table = Table("RULE", "VERDICT", "WHY")
        for step in judgement.steps { table.append(step.rule, step.verdict.rawValue, step.because) }
        let accepted = signatureOnly ? "The signature is good. Nothing else was asked." : "The token is accepted."
        Surroundings.current.print(table.text + "\n\n" + (judgement.isAccepted ? accepted : "The token is refused."))
    }

    private static func seconds(_ text: String) -> Int64? {
        if let number = Int64(text) { return (0...NumericDate.latest).contains(number) ? number : nil }
        return (try? Date(text, strategy: .iso8601)).map { Int64($0.timeIntervalSince1970) }
    }

    /// The judgement as a program reads it.
    private struct Report: Encodable {
        struct Rule: Encodable { let rule, verdict, because: String }
        let accepted: Bool
        let rules: [Rule]

        init(_ judgement: TokenJudgement) {
            accepted = judgement.isAccepted
            rules = judgement.steps.map { Rule(rule: $0.rule, verdict: $0.verdict.rawValue, because: $0.because) }
        }
    }
}
