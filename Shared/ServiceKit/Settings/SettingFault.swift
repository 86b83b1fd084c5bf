/// Why a process does not start: a setting, what is wrong with it, and what is allowed.
package struct SettingFault: Error, CustomStringConvertible, Equatable {
    /// For a person; ends with a full stop, holds no secret.
    package var sentence: String

    /// Takes the sentence whole.
    package init(_ sentence: String) {
        self.sentence = sentence
    }

    package var description: String { sentence }
}
