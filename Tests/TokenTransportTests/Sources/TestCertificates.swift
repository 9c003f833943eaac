import NIOSSL

/// A certificate authority for tests alone, which vouched for one server and one client. They end in a hundred years.
enum TestCertificates {
    /// Who vouches.
    static let root = """
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASWgAwIBAgIUb7IYcFI+IoJam0Rk4m31cY3GhTgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMjA4MDIzOFoYDzIxMjYxMDI5
        MDgwMjM4WjAUMRIwEAYDVQQDDAlUZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQNpoKH1KyZnGUt49aa7vfXfHK8+BZ8rCS85gi5UnyWDDksvnZ3Pzlr
        FxsMAj7hpJxWfEUWlxCzkGigh6t2X8aoo1MwUTAdBgNVHQ4EFgQUAkZMiynK77nv
        L+k6ojuk8iriqqswHwYDVR0jBBgwFoAUAkZMiynK77nvL+k6ojuk8iriqqswDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAif7PmtcpuKdZpLXGsHUQ
        e2SHsAe4HnuW/pt9oATAKlkCIGGIsv1Gluv+vTw4u2gM/+liMPghi51A4QOC3Zgw
        Q2Mj
        -----END CERTIFICATE-----
        """

    /// 127.0.0.1 and localhost.
    static let server = """
        -----BEGIN CERTIFICATE-----
        MIIBiDCCAS2gAwIBAgIUaH+ezwSODbLct3P5irGng8Il4dIwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMjA4MDIzOVoYDzIxMjYxMDI5
        MDgwMjM5WjARMQ8wDQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB
        BwNCAAQAFfBY+DuuzsFfK5AQOIZ7cBHJMYPEPg9x4FaW/07P1MbG/LFnn6DSHQbC
        tpo0CaC3dujVslRnZ947NBiL0Qoho14wXDAaBgNVHREEEzARhwR/AAABgglsb2Nh
        bGhvc3QwHQYDVR0OBBYEFBN4Rat5N3PUjNIWaFaXtAGpTdbDMB8GA1UdIwQYMBaA
        FAJGTIspyu+57y/pOqI7pPIq4qqrMAoGCCqGSM49BAMCA0kAMEYCIQCt557/9F7G
        5b62tV/DgCFHE9hOL8dXfn5Dila9VWCATAIhAIbzjSP1MmmiUfRZiOYyFGYaiD4H
        9DGe4bmoz+gDYszn
        -----END CERTIFICATE-----
        """

    /// Its key.
    static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJopfG5s4D8hK+9ty
        XUuEWJGsgc7tjPUqkitQ4v8t3lahRANCAAQAFfBY+DuuzsFfK5AQOIZ7cBHJMYPE
        Pg9x4FaW/07P1MbG/LFnn6DSHQbCtpo0CaC3dujVslRnZ947NBiL0Qoh
        -----END PRIVATE KEY-----
        """

    /// A client.
    static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBhzCCAS2gAwIBAgIUaH+ezwSODbLct3P5irGng8Il4dMwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMjA4MDIzOVoYDzIxMjYxMDI5
        MDgwMjM5WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMB
        BwNCAATR6mTJj5h81iULXtQp7ouhtzMuv6lM6nx4hG/f7X0r3ryni6z1j55Dfqwx
        N1mcKs9yPSDwq5CDn93sHAAZ14oZo14wXDAaBgNVHREEEzARhwR/AAABgglsb2Nh
        bGhvc3QwHQYDVR0OBBYEFKjugyI40ALI5kmoV95arLINU9cYMB8GA1UdIwQYMBaA
        FAJGTIspyu+57y/pOqI7pPIq4qqrMAoGCCqGSM49BAMCA0gAMEUCIQDpjK86JkNT
        QjBLQhtUuZVyM+4lZ8DbZUW4X005ZbYd8QIgRkwr2YkyoujJ/v9QcY4rEX7u/N5e
        pHEdu2B6/I3503M=
        -----END CERTIFICATE-----
        """

    /// Its key.
    static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpMK5cceAGfTcoC0v
        hIEsXN2vPJ7npuUk1Jalv9sHHkKhRANCAATR6mTJj5h81iULXtQp7ouhtzMuv6lM
        6nx4hG/f7X0r3ryni6z1j55DfqwxN1mcKs9yPSDwq5CDn93sHAAZ14oZ
        -----END PRIVATE KEY-----
        """

    /// What a server has that wants to see a certificate of its clients.
    static func context() throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(server.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(serverKey.utf8), format: .pem)))
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(root.utf8)))
        return try NIOSSLContext(configuration: tls)
    }
}
