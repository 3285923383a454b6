using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Silo.Hosting;

/// <summary>How lines are written.</summary>
internal sealed class LineFormatterOptions : ConsoleFormatterOptions
{
    /// <summary>Whether an exception is written whole; otherwise its message is.</summary>
    public bool Stacks { get; set; }
}
