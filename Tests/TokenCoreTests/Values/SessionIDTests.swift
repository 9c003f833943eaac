import TestSupport
import Testing
import TokenCore

@Suite struct SessionIDTests {
    let id = SessionID(birth: UnixTime(milliseconds: 0x0123_4567_89ab), partition: Partition(number: 0xcde)!, random: .max)

    /// RFC 9562 section 5.7: 48 bits of milliseconds, version 7, 12 bits, variant 10, 62 bits.
    @Test func layoutIsThatOfVersionSeven() {
        #expect(id.description == "01234567-89ab-7cde-bfff-ffffffffffff")
        #expect(id.bytes == [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x7c, 0xde, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
        let least = SessionID(birth: .epoch, partition: Partition(number: 0)!, random: 0)
        #expect(least.description == "00000000-0000-7000-8000-000000000000")
    }

    /// The example of RFC 9562 appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
    @Test func readsTheExampleOfTheRFC() throws {
        let id = try #require(SessionID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))
        #expect(id.birth == UnixTime(milliseconds: 1_645_557_742_000))
        #expect(id.partition.number == 0xcc3)
    }

    @Test func tellsItsBirthAndPartition() {
        #expect(id.birth.milliseconds == 0x0123_4567_89ab)
        #expect(id.partition.number == 0xcde)
        for number in [UInt16(0), 63, 2047, 4095] {
            let one = SessionID(birth: UnixTime(milliseconds: 1 << 47), partition: Partition(number: number)!, random: 42)
            #expect(one.partition.number == number && one.birth.milliseconds == 1 << 47)
        }
    }

    @Test func birthIsTakenModuloFortyEightBits() {
        let late = SessionID(birth: UnixTime(milliseconds: 1 << 48 + 5), partition: .control, random: 0)
        #expect(late.birth.milliseconds == 5)
    }

    @Test func everyFormReadsBack() {
        var generator = SplitMix(seed: 7)
        for _ in 0..<500 {
            let one = SessionID(
                birth: UnixTime(milliseconds: Int64(generator.next() >> 16)), partition: Partition(number: UInt16(generator.next() & 0xfff))!,
                random: generator.next())
            #expect(SessionID(one.description) == one)
            #expect(SessionID(bytes: one.bytes) == one)
            #expect(SessionID(high: one.high, low: one.low) == one)
        }
    }

    @Test func sortsByBirth() {
        let early = SessionID(birth: UnixTime(milliseconds: 5), partition: .control, random: .max)
        let late = SessionID(birth: UnixTime(milliseconds: 6), partition: Partition(number: 0)!, random: 0)
        #expect(early.bytes.lexicographicallyPrecedes(late.bytes))
        #expect(early.description < late.description)
    }

    @Test(arguments: [
        "", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", " 017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-48c4-dc0c0c07398f", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398\u{ff46}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n", "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    ])
    func refusesEveryOtherSpelling(_ text: String) { #expect(SessionID(text) == nil) }

    @Test func refusesOtherVersionsVariantsAndLengths() {
        for version in 0..<16 where version != 7 { #expect(SessionID(high: UInt64(version) << 12, low: 1 << 63) == nil) }
        for variant in [UInt64(0b00), 0b01, 0b11] { #expect(SessionID(high: 0x7000, low: variant << 62) == nil) }
        #expect(SessionID(bytes: id.bytes.dropLast()) == nil)
        #expect(SessionID(bytes: id.bytes + [0]) == nil)
        #expect(SessionID(bytes: [UInt8]()) == nil)
    }
}
