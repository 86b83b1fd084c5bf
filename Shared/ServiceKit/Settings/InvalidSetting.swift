/// Why a process does not start: a setting, what is wrong with it, and what is allowed.
package struct InvalidSetting: Error, CustomStringConvertible, Equatable {
    /// For a person; ends with a full stop, holds no secret.
    package var message: String

    /// Takes the message whole.
    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
