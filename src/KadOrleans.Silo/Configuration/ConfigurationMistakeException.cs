using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Silo.Configuration;

/// <summary>The configuration cannot be used. The message is one sentence for whoever wrote it.</summary>
/// <param name="message">The setting, its value unless that is a secret, and what is allowed.</param>
[SuppressMessage("Design", "CA1064", Justification = "It never leaves the executable.")]
internal sealed class ConfigurationMistakeException(string message) : Exception(message);
