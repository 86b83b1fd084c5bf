/// The endpoint of conversation-svc for tools.
package enum Tools {
    /// Lists the tools that models can call, available ones first, in a fixed order.
    ///
    /// Requires no principal.
    package struct List: Endpoint {
        package static let path = "/tools/list"
        package static let isIdempotent = true
        package typealias Response = [Description]
        /// Whether each tool that uses another server is checked with a request to that server.
        package var isChecked: Bool

        package init(isChecked: Bool = false) {
            self.isChecked = isChecked
        }
    }

    /// A tool, and whether this installation has it.
    package struct Description: Codable, Sendable, Hashable {
        package var name: String
        /// Other names under which the tool can be called and allowed.
        package var aliases: [String]
        package var description: String
        /// The JSON schema of the parameters.
        package var parameters: RawJSON
        /// The setting that switches the tool on; `nil` for a tool that needs none.
        package var setting: String?
        package var isAvailable: Bool
        /// Why the tool's server does not work; `nil` if it does or was not checked.
        package var fault: Fault?

        package init(
            name: String,
            aliases: [String],
            description: String,
            parameters: RawJSON,
            setting: String?,
            isAvailable: Bool,
            fault: Fault? = nil
        ) {
            self.name = name
            self.aliases = aliases
            self.description = description
            self.parameters = parameters
            self.setting = setting
            self.isAvailable = isAvailable
            self.fault = fault
        }
    }
}
