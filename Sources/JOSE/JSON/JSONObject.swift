/// The members of a JSON object in the order in which they were written, each name once.
///
/// Names are compared byte by byte, without Unicode normalization.
public struct JSONObject: Sendable, Hashable {
    /// One name and its value.
    public struct Member: Sendable, Hashable {
        /// The name, escapes resolved.
        public let name: String
        /// The value.
        public let value: JSONValue
    }

    /// All members in order.
    public private(set) var members: [Member]

    /// An object without members.
    public init() { self.members = [] }

    /// - Parameter unique: members whose names are known to differ.
    init(unique members: [Member]) { self.members = members }

    /// How many members there are.
    public var count: Int { members.count }

    /// The value of the member with this name, or nil. Setting replaces, appends, or with nil removes.
    public subscript(name: String) -> JSONValue? {
        get { index(of: name).map { members[$0].value } }
        set {
            switch (index(of: name), newValue) {
            case (let index?, let value?): members[index] = Member(name: name, value: value)
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Whether a member has this name, whatever its value.
    public func contains(_ name: String) -> Bool { index(of: name) != nil }

    private func index(of name: String) -> Int? {
        members.firstIndex { $0.name.hasSameBytes(as: name) }
    }
}
