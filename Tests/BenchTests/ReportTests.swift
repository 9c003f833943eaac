import Testing

@testable import mintmark_bench

@Suite struct ReportTests {
    @Test(arguments: [
        (1_234_567.0, "1,234,567"), (999.6, "1000"), (52_310.4, "52,310"), (123.4, "123"), (14.34, "14.3"), (2.0, "2"),
        (0.9, "0.9"), (0.0204, "0.02"), (0, "0"), (-1.5, "-1.5"),
    ])
    func numbersKeepThreeDigits(_ value: Double, _ text: String) {
        #expect(Text.number(value) == text)
    }

    @Test func aTargetIsMetAtItsBound() {
        #expect(Row.ratio("j", "r", 90, to: 100, "b", .atLeast(0.9)).met == true)
        #expect(Row.ratio("j", "r", 89, to: 100, "b", .atLeast(0.9)).met == false)
        #expect(Row.bound("j", 70, unit: "µs", .atMost(70)).met == true)
        #expect(Row.bound("j", nil, unit: "µs", .atMost(70)).met == false, "what was not measured is not met")
    }

    @Test func aMissedTargetIsAResultAndAWrongAnswerIsNot() {
        var report = Report(machine: [])
        report.rows = [.ratio("j", "r", 1, to: 100, "b", .atLeast(0.9))]
        #expect(report.isComplete)
        report.rows.append(Row(job: "k", result: "r").with(failures: ["login: status 500": 3]))
        #expect(!report.isComplete)
        #expect(report.table.contains("k: FAILED: 3 × login: status 500"))
    }

    @Test func theMedianIsTheMiddleOne() {
        #expect(Spread([5, 1, 3]).median == 3)
        #expect(Spread([2, 1]) == Spread([1, 2]))
        #expect(Spread([]).median == 0)
    }
}
