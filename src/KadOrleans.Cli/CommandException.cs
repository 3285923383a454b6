namespace KadOrleans.Cli;

/// <summary>Ends a command. The message is one sentence for whoever typed it.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">What is wrong, with its value and what is allowed.</param>
/// <param name="cause">What it came from, if from an exception.</param>
internal sealed class CommandException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What the process ends with.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The command was asked for wrongly.</summary>
    public static CommandException WrongUsage(string message, Exception? cause = null) => new(Cli.ExitCode.WrongUsage, message, cause);

    /// <summary>The command did not get what it went for.</summary>
    public static CommandException Failed(string message, Exception? cause = null) => new(Cli.ExitCode.Failed, message, cause);
}
