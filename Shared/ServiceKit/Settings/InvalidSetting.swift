/// A setting, an option or a file that keeps a process from starting.
package struct InvalidSetting: Error, CustomStringConvertible, Equatable {
    /// What is invalid, what is allowed and what to do; ends with a full stop and contains no secret.
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
