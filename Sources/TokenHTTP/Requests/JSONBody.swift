import HTTPTypes
import JOSE
import TokenCore

/// The members of a JSON object that came as a body, each read with the type it must have.
struct JSONBody {
    /// All members.
    let object: JSONObject

    /// Reads a request's body.
    ///
    /// - Throws: `invalid_request` for another content type than application/json, for what the strict reader refuses (duplicate members
    ///   among it) and for another value than an object.
    init(_ request: Incoming) throws(OAuthError) {
        guard Self.isJSON(request.fields) else {
            throw OAuthError(.invalidRequest, "The body must be application/json.")
        }
        let value: JSONValue
        do { value = try JSONValue(parsing: request.body) } catch {
            throw OAuthError(.invalidRequest, Self.sentence(error), detail: "\(error)")
        }
        guard let object = value.object else { throw OAuthError(.invalidRequest, "The body must be a JSON object.") }
        self.object = object
    }

    /// Whether the content type is application/json; its parameters say nothing that JSON heeds (RFC 8259 section 11). A second type makes it none.
    static func isJSON(_ fields: HTTPFields) -> Bool {
        var types = fields.lazy.filter { $0.name == .contentType }.makeIterator()
        guard let type = types.next()?.value, types.next() == nil else { return false }
        if type == "application/json" { return true }
        let name = type.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return String(name.trimmingBlanks).isField("application/json")
    }

    /// A member of any type; nil when it is missing.
    subscript(name: String) -> JSONValue? { object[name] }

    /// A string that must be there.
    func string(_ name: String) throws(OAuthError) -> String {
        guard let text = try optionalString(name) else { throw OAuthError(.invalidRequest, "The body lacks a member: \(name).") }
        return text
    }

    /// A string that may be missing.
    func optionalString(_ name: String) throws(OAuthError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw OAuthError(.invalidRequest, "This member must be a string: \(name).") }
        return text
    }

    private static func sentence(_ error: JSONError) -> String {
        switch error {
        case .duplicateMember: "The body names a member twice."
        case .tooDeep: "The body is nested too deeply."
        default: "The body is not well-formed JSON."
        }
    }
}
