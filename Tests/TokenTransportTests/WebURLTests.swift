import Testing

@testable import TokenTransport

@Suite("URLs in their plain form")
struct WebURLTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com/"), ("HTTPS://Example.COM:443/a?b=c%20d", "https://example.com/a?b=c%20d"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"), ("http://[::1]:80/", "http://[::1]/"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]/"),
        ("https://a.b-c.d?x", "https://a.b-c.d/?x"), ("http://h:443/", "http://h:443/"),
    ])
    func urlIsReadAndPutTogetherAgain(text: String, plain: String) throws { #expect("\(try WebURL(text))" == plain) }

    @Test(
        "canon 20: what two parsers might read differently is no URL",
        arguments: [
            "", "example.com", "//example.com", "ftp://example.com", "file:///etc/passwd", "https://", "https:///x", "https://a@b/",
            "https://a:b@c/",
            "https://a\\@b/", "https://a b/", "https://a/ b", "https://a/\n", "https://a/#b", "https://a:0/", "https://a:65536/",
            "https://a:080/", "https://a:/",
            "https://a:b/", "https://[::1", "https://[::1]x/", "https://[127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://é.example/",
            "https://a_b/", "https://-a/",
            "https://.a/", "https://a,b/", "https://a:1:2/", "https://%61/", "https://a/\u{0}", "https://a/é", "http:/a/",
            "https://a/" + String(repeating: "x", count: 2048),
        ])
    func doubtfulURLIsRefused(text: String) { #expect(throws: TransportError.url(text)) { try WebURL(text) } }

    @Test func locationIsAbsoluteOrAPath() throws {
        let url = try WebURL("https://a:1/x/y?z")
        #expect("\(try url.resolving("/w?v"))" == "https://a:1/w?v")
        #expect("\(try url.resolving("http://b/"))" == "http://b/")
        for location in ["w", "//b/", "../w", "", "?x", "javascript:alert(1)"] {
            #expect(throws: TransportError.self, "\(location)") { try url.resolving(location) }
        }
    }
}
