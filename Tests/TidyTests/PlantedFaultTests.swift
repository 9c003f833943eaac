import Testing

/// A rule that never finds anything proves nothing: each is shown a fault, and a text that only looks like one.
@Suite("Tidy rules find planted faults")
struct PlantedFaultTests {
    private func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/Room/File.swift", text: text) }

    @Test(arguments: [
        "let t = Date()", "let t = ContinuousClock.now", "f(now: .now)", "clock_gettime(CLOCK_REALTIME, &t)",
        "let n = Int.random(in: 0..<3)",
        "var g = SystemRandomNumberGenerator()", "let id = UUID()", "x.shuffled()",
    ])
    func clockOrChanceIsFound(text: String) { #expect(Rules.noClockOrChance(file(text)).count == 1) }

    @Test(arguments: [
        "f(now: now)", "// Date()", "let s = \"Date()\"", "request.nowhere", "self.now < x", "NumericDate(value)", "malformedDate(rule)",
    ])
    func valueOfTimeIsNot(text: String) { #expect(Rules.noClockOrChance(file(text)) == []) }

    @Test(arguments: [
        ("import A", "A"), ("public import A", "A"), ("@testable import A", "A"), ("@_exported public import A", "A"),
        ("import struct A.B", "A"), ("import A.B", "A"),
    ])
    func importIsRead(line: String, module: String) { #expect(Rules.importedModule(line) == module) }

    @Test(arguments: ["important", "let import1 = 2", "x.import(y)", ""])
    func otherLinesAreNoImports(line: String) { #expect(Rules.importedModule(line) == nil) }

    @Test func arrowsAreTheRowsOfTheTable() {
        let arrows = Arrows(
            page: """
                | target | may import (ours) | may import (others) |
                |---|---|---|
                | `A` | – | NIO*, Crypto |
                | `B` | A | – |
                | `C` | all | – |
                | `TokenCore` | – | – |

                | `D` | A | B |
                """)
        let ours: Set<String> = ["A", "B", "C", "TokenCore"]
        #expect(Set(arrows.rows.keys) == ours)
        #expect(arrows.allow("NIOCore", in: "A", ours: ours) && arrows.allow("Crypto", in: "A", ours: ours))
        #expect(!arrows.allow("CryptoExtras", in: "A", ours: ours) && !arrows.allow("B", in: "A", ours: ours))
        #expect(arrows.allow("A", in: "B", ours: ours) && arrows.allow("Synchronization", in: "B", ours: ours))
        #expect(!arrows.allow("NIOCore", in: "B", ours: ours) && !arrows.allow("Foundation", in: "B", ours: ours))
        #expect(arrows.allow("B", in: "C", ours: ours) && !arrows.allow("A", in: "D", ours: ours))
        #expect(!arrows.allow("Synchronization", in: "TokenCore", ours: ours) && !arrows.allow("A", in: "TokenCore", ours: ours))
    }

    @Test(arguments: ["print(1)", "  debugPrint(x)", "if a { print(x) }"])
    func printingIsFound(text: String) { #expect(Rules.noPrinting(file(text)).count == 1) }

    @Test(arguments: ["console.print(1)", "// print(1)", "footprint(1)", "print: { 1 }", "func print(_ x: Int)"])
    func otherPrintsAreNot(text: String) { #expect(Rules.noPrinting(file(text)) == []) }

    @Test(arguments: ["Response(status: .badRequest)", "let s = HTTPResponse.Status.notFound", "x = .init(code: 404)"])
    func statusIsFound(text: String) { #expect(Rules.noStatusCodes(file(text)).count == 1) }

    @Test(arguments: ["Reply(status: .created)", "HTTPResponse(status: .init(code: reply.status.code))", "let status = reply.status"])
    func statusOfSuccessIsNot(text: String) { #expect(Rules.noStatusCodes(file(text)) == []) }

    @Test(arguments: [
        "public let a = 1", "/// x\n\npublic let a = 1", "// x\npublic func f() {}", "public internal(set) var a = 1",
        "@inlinable\npublic func f() {}",
        "@inlinable public func f() {}", "public(set) var a = 1", "extension A {\n    public func f() {}\n}",
        "extension A: P {\n}\npublic func f() {}",
    ])
    func missingDocumentationIsFound(text: String) { #expect(Rules.publicIsDocumented(file(text)).count == 1) }

    @Test(arguments: [
        "/// x\npublic let a = 1", "/// x\n@inlinable\n@discardableResult\npublic func f() {}", "public import A", "public extension A {",
        "let a = \"public let\"",
        "extension A: P {\n    public func f() {}\n\n    public func g() {}\n}",
    ])
    func documentationIsSeen(text: String) { #expect(Rules.publicIsDocumented(file(text)) == []) }

    @Test func lengthIsCountedWithoutTheLastLineEnd() {
        #expect(Rules.notTooLong(file(String(repeating: "x\n", count: 450))) == [])
        #expect(Rules.notTooLong(file(String(repeating: "x\n", count: 451))).count == 1)
    }

    @Test func promiseIsFound() {
        #expect(Rules.noPromises("a", "x\n// TO" + "DO: y") == ["a:2: TO" + "DO"])
        #expect(Rules.noPromises("a", "to do, todo, mktemp XXXXX" + "X") == [])
    }

    @Test(arguments: [
        "let a = try! f()", "final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "x as! Y", "\n// why\n\nfatalError()",
    ])
    func escapeWithoutReasonIsFound(text: String) { #expect(Rules.escapesHaveReasons(file(text)).count == 1) }

    @Test(arguments: [
        "let a = try! f()  // a constant", "// the loop owns it\nfinal class A: @unchecked Sendable {}", "let a = \"try!\"", "// try!",
    ])
    func escapeWithReasonIsAccepted(text: String) { #expect(Rules.escapesHaveReasons(file(text)) == []) }

    @Test(
        "canon 59: a token in a log line is found",
        arguments: [
            #"logger.info("issued", metadata: ["token": "\(token)"])"#, #"context.logger.debug("x", metadata: ["a": "\(pair.refresh)"])"#,
            #"logger.error("x", metadata: ["t": "\(request.refreshToken)"])"#,
            "logger.info(\n    \"x\",\n    metadata: [\"a\": \"\\(clientSecret)\"])",
            #"logger.info("family \(id) revoked")"#, #"logger[metadataKey: "t"] = "\(token)""#,
        ])
    func tokenInALogLineIsFound(text: String) { #expect(LogRules.check(file(text)).count == 1) }

    @Test(arguments: [
        #"logger.info("issued", metadata: ["token": "\(token.id)"])"#, #"logger.info("revoked", metadata: ["family": "\(family)"])"#,
        #"let a = "\(token)""#, #"logger.info("x", metadata: ["n": "\(tokens.count)"])"#, #"dialog.open("\(token)")"#,
    ])
    func identifierInALogLineIsNot(text: String) { #expect(LogRules.check(file(text)) == []) }

    @Test func codeIsWithoutCommentsAndLiterals() {
        #expect(CodeOnly.lines(of: "a // b\nc /* d\ne */ f \"g // \\\" h\" i #\"j\" k\"# l") == ["a ", "c ", " f \"\" i \"\" l"])
        #expect(CodeOnly.lines(of: "a \"\"\"\n  print(\"x\")\n\"\"\" b\nc") == ["a \"\"", "", " b", "c"])
        #expect(CodeOnly.lines(of: "\"\"\"\n  a \\\n  b\n\"\"\"\nc").count == 5)
    }
}
