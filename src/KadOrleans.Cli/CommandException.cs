namespace KadOrleans.Cli;

/// <summary>What a command's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Not found, rejected or interrupted.</summary>
    public const int Failed = 1;

    /// <summary>Wrong arguments, a taken port, a locked folder, a broken file.</summary>
    public const int WrongUsage = 2;

    /// <summary>No node answered.</summary>
    public const int Unreachable = 3;

    /// <summary>The name that the JSON error object has for a code other than <see cref="Done"/>.</summary>
    public static string NameOf(int exitCode) => exitCode switch
    {
        WrongUsage => "wrongUsage",
        Unreachable => "unreachable",
        _ => "failed",
    };
}

/// <summary>Ends a command. The message is one sentence for whoever typed it.</summary>
/// <param name="exitCode">One of <see cref="Cli.ExitCode"/>.</param>
/// <param name="message">What is wrong, with its value and what is allowed.</param>
/// <param name="cause">The exception behind it, if any.</param>
internal sealed class CommandException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What the process ends with.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The command line, or a file or port that it names, is wrong.</summary>
    public static CommandException WrongUsage(string message, Exception? cause = null) => new(Cli.ExitCode.WrongUsage, message, cause);

    /// <summary>The command did not succeed.</summary>
    public static CommandException Failed(string message, Exception? cause = null) => new(Cli.ExitCode.Failed, message, cause);

    /// <summary>No node answered.</summary>
    public static CommandException Unreachable(string message) => new(Cli.ExitCode.Unreachable, message);
}
