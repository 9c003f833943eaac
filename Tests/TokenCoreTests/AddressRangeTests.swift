import Testing
import TokenCore

@Suite("Addresses and networks")
struct AddressRangeTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("0.0.0.0", "0.0.0.0"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:C000:0201", "192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
    func addressIsReadAndWrittenCanonically(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text)).description == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", "1.2..4", "0x7f.0.0.1",
        "１.2.3.4",
        ":", ":::", "1:::2", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:", "fe80::1%eth0", "[::1]", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::+1", "::é",
    ])
    func malformedAddressIsRefused(text: String) { #expect(IPAddress(text) == nil) }

    @Test func addressFromBytesEqualsAddressFromText() {
        #expect(IPAddress(bytes: [192, 0, 2, 1]) == IPAddress("192.0.2.1"))
        #expect(IPAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1]) == IPAddress("192.0.2.1"))
        #expect(IPAddress(bytes: Array(repeating: 0, count: 15) + [1]) == IPAddress("::1"))
        for count in [0, 3, 5, 15, 17] { #expect(IPAddress(bytes: Array(repeating: 0, count: count)) == nil) }
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.3.4", true), ("::ffff:127.0.0.1", true), ("::1", true),
        ("128.0.0.1", false), ("126.255.255.255", false), ("0.0.0.0", false), ("::", false), ("::2", false),
        ("::127.0.0.1", false),
        ("7f00:1::", false),
    ])
    func loopbackIsThisMachineOnly(text: String, loopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == loopback)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("192.0.2.6/31", "192.0.2.7", true),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "192.0.2.1", false), ("::/0", "::ffff:192.0.2.1", false), ("fd00::/8", "fdab::1", true),
        ("fd00::/8", "fe00::1", false), ("2001:db8::1", "2001:db8::1", true), ("2001:db8::/127", "2001:db8::1", true),
        ("2001:db8::/127", "2001:db8::2", false), ("::ffff:10.0.0.0/104", "10.9.8.7", true),
        ("::ffff:0:0/96", "1.2.3.4", true),
    ])
    func rangeContainsItsVersionAndPrefixOnly(range: String, address: String, inside: Bool) throws {
        #expect(try AddressRange(range).contains(#require(IPAddress(address))) == inside)
    }

    @Test func rangeContainsBytesOfASocketAddress() throws {
        let range = try AddressRange("10.0.0.0/8")
        #expect(range.contains(bytes: [10, 1, 2, 3]))
        #expect(!range.contains(bytes: [11, 1, 2, 3]))
        #expect(!range.contains(bytes: [10, 1, 2]))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", false), ("10.0.0.0/8", "10.0.0.0/8", true),
        ("::/0", "10.0.0.0/8", false), ("::/0", "fd00::/8", true), ("0.0.0.0/0", "::/0", false),
    ])
    func rangeContainsNarrowerRangesOfItsVersion(outer: String, inner: String, inside: Bool) throws {
        #expect(try AddressRange(outer).contains(AddressRange(inner)) == inside)
    }

    @Test func onlyThePrefixZeroIsEverything() throws {
        #expect(try AddressRange("0.0.0.0/0").isEverything)
        #expect(try AddressRange("::/0").isEverything)
        #expect(try !AddressRange("0.0.0.0/1").isEverything)
        #expect(try !AddressRange("::/96").isEverything)
    }

    @Test(arguments: [
        ("", AddressRange.Malformed.address), ("ten/8", .address), ("10.0.0.0/", .prefix), ("10.0.0.0/33", .prefix),
        ("10.0.0.0/08", .prefix),
        ("10.0.0.0/+8", .prefix), ("10.0.0.0/-1", .prefix), ("10.0.0.0/8/8", .prefix), ("::/129", .prefix),
        ("::/ 1", .prefix), ("::/256", .prefix),
    ])
    func malformedRangeSaysWhichPartIsWrong(text: String, reason: AddressRange.Malformed) {
        #expect(throws: reason) { try AddressRange(text) }
    }

    @Test func addressInsteadOfNetworkIsAnsweredWithTheNetwork() throws {
        let network = try AddressRange("10.0.0.0/8")
        #expect(throws: AddressRange.Malformed.hostBits(network: network)) { try AddressRange("10.1.2.3/8") }
        #expect(network.description == "10.0.0.0/8")
        #expect(try AddressRange("FD00::/8").description == "fd00::/8")
    }
}
