import Testing

/// The text of the repository keeps the rules that the compiler cannot check.
@Suite("Tidy")
struct TidyTests {
    @Test func coreImportsNothing() {
        #expect(imports(of: SourceTree.sources.filter { $0.target == "TokenCore" }).map(\.module) == [])
    }

    @Test func everyTargetImportsOnlyWhatTheArchitectureAllows() throws {
        let arrows = Arrows(page: try #require(SourceTree.text("ARCHITECTURE.md")))
        #expect(SourceTree.targets.subtracting(arrows.rows.keys) == [], "targets without a row in ARCHITECTURE.md")
        let forbidden = imports(of: SourceTree.sources).filter { file, module, _ in
            !arrows.allow(module, in: file.target, ours: Set(arrows.rows.keys))
        }
        #expect(forbidden.map { $0.file.finding(line: $0.line, "\($0.file.target) may not import \($0.module)") } == [])
    }

    @Test func coreAsksNeitherClockNorChance() {
        #expect(SourceTree.sources.filter { Arrows.pure.contains($0.target) }.flatMap(Rules.noClockOrChance) == [])
    }

    @Test func statusIsDecidedInRepliesAlone() {
        let files = SourceTree.sources.filter { $0.target == "TokenHTTP" && !$0.path.contains("/Replies/") }
        #expect(files.flatMap(Rules.noStatusCodes) == [])
    }

    @Test func librariesDoNotPrint() { #expect(SourceTree.sources.flatMap(Rules.noPrinting) == []) }

    @Test("canon 28, canon 59: no log line carries a token, and messages are constant")
    func logsCarryNoTokens() { #expect(SourceTree.sources.flatMap(LogRules.check) == []) }

    @Test func everyPublicDeclarationIsDocumented() { #expect(SourceTree.sources.flatMap(Rules.publicIsDocumented) == []) }

    @Test func noFileIsTooLong() { #expect((SourceTree.sources + SourceTree.tests).flatMap(Rules.notTooLong) == []) }

    @Test func compilerChecksAreSwitchedOffOnlyWithAReason() {
        #expect((SourceTree.sources + SourceTree.tests).flatMap(Rules.escapesHaveReasons) == [])
    }

    @Test func nothingIsPromisedInComments() {
        let texts = ["Sources", "Tests", "docs", "scripts", "deploy"].flatMap(SourceTree.paths).filter(isText)
        #expect(texts.flatMap { Rules.noPromises($0, SourceTree.text($0) ?? "") } == [])
    }

    @Test func everyDecisionIsListedInTheIndex() throws {
        let index = try #require(SourceTree.text("docs/decisions/README.md"))
        let pages = SourceTree.paths(below: "docs/decisions").map { $0.dropFirst("docs/decisions/".count) }
        #expect(pages.filter { $0 != "README.md" && !index.contains("(\($0))") } == [])
    }

    @Test func theTreeIsFound() {
        #expect(SourceTree.targets.isSuperset(of: ["TokenCore", "JOSE", "TokenEngine", "MintmarkCommands", "mintmark"]))
        #expect(SourceTree.sources.count > 50 && SourceTree.tests.count > 20)
    }

    private func isText(_ path: String) -> Bool { [".swift", ".md", ".sh", ".service", ".yaml"].contains(where: path.hasSuffix) }

    private func imports(of files: [SourceFile]) -> [(file: SourceFile, module: String, line: Int)] {
        files.flatMap { file in
            file.code.enumerated().compactMap { number, line in Rules.importedModule(line).map { (file, $0, number) } }
        }
    }
}
