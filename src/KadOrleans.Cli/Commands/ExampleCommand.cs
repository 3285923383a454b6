using System.CommandLine;

namespace KadOrleans.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">As it is typed.</param>
/// <param name="description">One sentence.</param>
internal sealed class ExampleCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines that work, at least two.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>What the options' descriptions have no room for.</summary>
    public string? Notes { get; init; }
}
