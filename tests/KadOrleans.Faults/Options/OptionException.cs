namespace KadOrleans.Faults.Options;

/// <summary>An argument is wrong; the message is a sentence that names it, its value and what is allowed.</summary>
internal sealed class OptionException(string message) : Exception(message);
