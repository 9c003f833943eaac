import Testing

@testable import MintmarkCommands

@Suite("Durations as Go writes them")
struct GoDurationTests {
    @Test(arguments: [
        ("0", Duration.zero), ("0s", .zero), ("15m", .seconds(900)), ("720h", .seconds(2_592_000)),
        ("1h30m", .seconds(5400)),
        ("500ms", .milliseconds(500)), ("1.5h", .seconds(5400)), ("1h0m0.25s", .milliseconds(3_600_250)),
        ("7us", .microseconds(7)), ("7µs", .microseconds(7)), ("999999999h", .seconds(999_999_999 * 3600)),
        ("0.000001s", .microseconds(1)), ("90m", .seconds(5400)),
    ])
    func durationIsRead(text: String, duration: Duration) { #expect(GoDuration.read(text) == duration) }

    @Test(arguments: [
        "", "15", "-15m", "+15m", "15 m", " 15m", "15m ", "m", ".5h", "1.h", "1..5h", "15M", "1d", "1m1h", "1m1m",
        "1h30", "٣m", "1e3s",
        "0.0000001s", "1ns", "9999999999h", "0.1234567891h", "1us1µs", "15m\n", "999999999h999999999m999999999s1x",
    ])
    func anythingElseIsRefused(text: String) { #expect(GoDuration.read(text) == nil) }

    @Test(arguments: [
        (Duration.zero, "0"), (.seconds(900), "15m"), (.seconds(5400), "1h30m"), (.milliseconds(1500), "1s500ms"),
        (.seconds(2_592_000), "720h"),
        (.microseconds(3), "3us"),
    ])
    func writtenDurationIsReadBack(duration: Duration, text: String) {
        #expect(GoDuration.write(duration) == text)
        #expect(GoDuration.read(text) == duration)
    }
}
