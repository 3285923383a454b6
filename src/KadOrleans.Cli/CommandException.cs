namespace KadOrleans.Cli;

/// <summary>Ends a command. The message is one sentence for the user.</summary>
/// <param name="exitCode">One of <see cref="KadOrleans.Hosting.ExitCode"/>.</param>
/// <param name="message">What is wrong, with its value and what is allowed.</param>
/// <param name="cause">The exception behind it, if any.</param>
internal sealed class CommandException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The process's exit code.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The command line, or a file or port that it names, is wrong.</summary>
    public static CommandException WrongUsage(string message, Exception? cause = null) => new(KadOrleans.Hosting.ExitCode.WrongUsage, message, cause);

    /// <summary>The command did not succeed.</summary>
    public static CommandException Failed(string message, Exception? cause = null) => new(KadOrleans.Hosting.ExitCode.Failed, message, cause);

    /// <summary>No node answered.</summary>
    public static CommandException Unreachable(string message) => new(KadOrleans.Hosting.ExitCode.Unreachable, message);
}
